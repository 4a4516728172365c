// Matrix products of numbers rounded to bfloat16 with sums in single precision.
//
// Both factors are packed first: the left one in rows or, transposed, in panels of rows; the right
// one in panels of columns. Pairs of neighbours along the inner axis lie side by side in 32 bits,
// as vdpbf16ps wants them. Memory is the caller's, so any number of threads may run at once.
#ifndef MOTIONC_BFLOAT16_H
#define MOTIONC_BFLOAT16_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Whether this processor and system run the products below; else they must not be called.
int motionc_has_bfloat16(void);

/// The 32-bit words that a packed left factor of m rows, or right factor of n columns, needs.
size_t motionc_bfloat16_left_count(int m, int k);
size_t motionc_bfloat16_right_count(int n, int k);

/// Packs op(A) [m, k], stored in rows lda apart as A [m, k] or, transposed, [k, m].
void motionc_bfloat16_pack_left(int transpose, int m, int k, const float *a, int lda,
                                float *packed);

/// Packs only the rows first ..< first + count of a transposed A, of which `a` is the first; `first`
/// is even, and so is `count` where rows follow.
void motionc_bfloat16_pack_left_part(int m, int k, int first, int count, const float *a, int lda,
                                     float *packed);

/// Packs op(B) [k, n], stored in rows ldb apart as B [k, n] or, transposed, [n, k].
void motionc_bfloat16_pack_right(int transpose, int n, int k, const float *b, int ldb,
                                 float *packed);

/// C = alpha left right + beta C; `transpose` says how the left factor was packed. C is not read
/// where beta is 0.
void motionc_bfloat16_multiply(int transpose, int m, int n, int k, float alpha, const float *left,
                               const float *right, float beta, float *c, int ldc);

#ifdef __cplusplus
}
#endif

#endif
