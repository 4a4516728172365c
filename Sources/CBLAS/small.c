// Products of matrices that stay in the first-level cache, such as those of one head of attention.
//
// A tile of rows and two vectors of columns is summed in registers, each element in the order of
// the inner axis, so that the width of the processor's vectors changes no sum but for rounding.
#include "CBLAS.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { LANES = 16 };

typedef float vector __attribute__((vector_size(4 * LANES)));

struct small {
  int k;
  int a_row;
  int a_step;
  int ldb;
  int ldc;
};

// Rows and vectors are constant where this is inlined.
INLINE void sum_tile(int rows, int vectors, const struct small *s, const float *a, const float *b,
                     float *c) {
#pragma clang fp contract(fast)
  vector sum[12][2];
  UNROLLED
  for (int i = 0; i < rows; i++) {
    sum[i][0] = sum[i][1] = (vector){0};
  }
  const long row = s->a_row;
  const float *left[4] = {a, a + 3 * row, a + 6 * row, a + 9 * row};
  for (int k = s->k; k > 0; k--) {
    vector right[2];
    UNROLLED
    for (int j = 0; j < vectors; j++) memcpy(&right[j], b + j * LANES, sizeof(vector));
    b += s->ldb;
    UNROLLED
    for (int i = 0; i < rows; i++) {
      float factor = left[i / 3][i % 3 * row];
      UNROLLED
      for (int j = 0; j < vectors; j++) sum[i][j] += factor * right[j];
    }
    UNROLLED
    for (int i = 0; i < 4; i++) left[i] += s->a_step;
  }
  UNROLLED
  for (int i = 0; i < rows; i++) {
    UNROLLED
    for (int j = 0; j < vectors; j++) {
      memcpy(c + (long)i * s->ldc + j * LANES, &sum[i][j], sizeof(vector));
    }
  }
}

#define TILE(R)                                                                             \
  case R:                                                                                   \
    vectors > 1 ? sum_tile(R, 2, s, a, b, c) : sum_tile(R, 1, s, a, b, c);                  \
    break;

static void multiply(int m, int n, const struct small *s, const float *left, const float *right,
                     float *result) {
  for (int column = 0; column < n; column += 2 * LANES) {
    int vectors = n - column > LANES ? 2 : 1;
    for (int row = 0; row < m; row += 2) {
      const float *a = left + (long)row * s->a_row, *b = right + column;
      float *c = result + (long)row * s->ldc + column;
      switch (m - row) {
        TILE(1)
        default: vectors > 1 ? sum_tile(2, 2, s, a, b, c) : sum_tile(2, 1, s, a, b, c);
      }
    }
  }
}

#if defined(__x86_64__)

__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma"))) static void wide_tile(
    int rows, int vectors, const struct small *s, const float *a, const float *b, float *c) {
  switch (rows) {
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
    TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)
  }
}

static void wide_multiply(int m, int n, const struct small *s, const float *left,
                          const float *right, float *result) {
  for (int column = 0; column < n; column += 2 * LANES) {
    int vectors = n - column > LANES ? 2 : 1;
    for (int row = 0; row < m; row += 12) {
      wide_tile(m - row < 12 ? m - row : 12, vectors, s, left + (long)row * s->a_row,
                right + column, result + (long)row * s->ldc + column);
    }
  }
}

#endif

void motionc_small_product(int m, int n, int k, const float *a, int a_row, int a_step,
                           const float *b, int ldb, float *c, int ldc) {
  struct small s = {k, a_row, a_step, ldb, ldc};
#if defined(__x86_64__)
  if (motionc_has_avx512()) {
    wide_multiply(m, n, &s, a, b, c);
    return;
  }
#endif
  multiply(m, n, &s, a, b, c);
}
