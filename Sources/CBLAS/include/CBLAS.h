// A small interface to OpenBLAS, which is loaded at first use instead of being linked, so that
// its kernels can be chosen before its own start-up code reads the environment.
#ifndef MOTIONC_CBLAS_H
#define MOTIONC_CBLAS_H

#include "bfloat16.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Loads the library once (any thread, any number of times); 1 where it is usable, else 0.
int motionc_blas_load(void);

/// Why the library could not be loaded; an empty string where it was.
const char *motionc_blas_error(void);

/// The kernels that run ("Cooperlake"), and the library's description of itself.
const char *motionc_blas_corename(void);
const char *motionc_blas_config(void);

/// The number of threads that one product uses (1 unless set otherwise).
int motionc_blas_threads(void);
void motionc_blas_set_threads(int threads);

/// C = alpha op(A) op(B) + beta C in row-major order; op transposes where its flag is not 0.
void motionc_sgemm(int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                   const float *a, int lda, const float *b, int ldb, float beta, float *c,
                   int ldc);

/// LAPACK's dsyev, dpotrf, dpotrs and dtrtrs for matrices stored by columns, of which the lower
/// triangle is read; the result is LAPACK's info, or -1000 where the library has none of them.
///
/// dsyev replaces `a` by the eigenvectors and writes the n eigenvalues, rising; dpotrf replaces `a`
/// by L of L Lᵀ; dpotrs replaces `b` [n, columns] by A⁻¹ b; dtrtrs by L⁻¹ b.
int motionc_dsyev(int n, double *a, double *values);
int motionc_dpotrf(int n, double *a);
int motionc_dpotrs(int n, int columns, const double *factor, double *b);
int motionc_dtrtrs(int n, int columns, const double *factor, double *b);

/// LAPACK's dpbtrf and dpbtrs for a symmetric matrix of `band` diagonals below the main one, of which
/// the element of row i and column j ≤ i is stored at `a[j * (band + 1) + i - j]`.
///
/// dpbtrf replaces `a` by L of L Lᵀ in the same form; dpbtrs replaces `b` by A⁻¹ b.
int motionc_dpbtrf(int n, int band, double *a);
int motionc_dpbtrs(int n, int band, const double *factor, double *b);

/// As dpbtrf, by code of its own where the processor has 512-bit vectors, which rounds otherwise; 0 if the
/// matrix is positive definite. All n (band + 1) numbers must be finite; those behind the last row are
/// overwritten.
int motionc_band_factor(int n, int band, double *a);

/// C[m, n] = sum over k of A[m, k] B[k, n] for small matrices, the sums in the order of k.
///
/// A's elements lie `a_row` apart from row to row and `a_step` from k to k; rows of B and C lie
/// `ldb` and `ldc` apart, and n is a multiple of 16.
void motionc_small_product(int m, int n, int k, const float *a, int a_row, int a_step,
                           const float *b, int ldb, float *c, int ldc);

/// Asks for the memory around an address, which need not be valid.
static inline void motionc_prefetch(const float *address) { __builtin_prefetch(address); }

/// Whether this processor and system can run 512-bit vectors (F, DQ, BW, VL).
int motionc_has_avx512(void);

/// Whether this build may use 512-bit vectors, and fused multiply-add, in code of its own.
int motionc_built_for_avx512(void);
int motionc_built_for_fma(void);

#ifdef __cplusplus
}
#endif

#endif
