// Cholesky's factor of a banded matrix, by panels of eight columns.
//
// LAPACK cuts the band into squares that are small for a matrix product: of 105 diagonals it takes three
// times as long. Here a tile of 16 rows and 8 columns stays in registers while everything to the left of
// it is taken off. The form of the band makes A(i, j) = a[j * band + i], as in a full matrix; what is
// outside of the band belongs to other columns and is masked.
#include "CBLAS.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <math.h>

#define WIDE __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,fma")))
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { COLUMNS = 8, ROWS = 16 };

/// The first `count` of 16 rows, 0...16 of them.
static inline unsigned rows_below(long count) {
  return count >= ROWS ? 0xffffu : count <= 0 ? 0 : (1u << count) - 1;
}

/// Takes off the columns left of j from the tile of rows i... and columns j...
WIDE static void subtract_left(double *a, long band, long i, long j) {
  __m512d sum[COLUMNS][2];
  unsigned mask[COLUMNS];
  UNROLLED
  for (int k = 0; k < COLUMNS; k++) {
    // Within the band, and below the diagonal.
    mask[k] = rows_below(j + k + band - i + 1) & ~rows_below(j + k - i);
    const double *column = a + (j + k) * band + i;
    sum[k][0] = _mm512_maskz_loadu_pd(mask[k] & 0xff, column);
    sum[k][1] = _mm512_maskz_loadu_pd(mask[k] >> 8, column + 8);
  }
  long p = i > band ? i - band : 0;
  // Columns that end within the tile.
  for (; p < j && p < i + ROWS - 1 - band; p++) {
    unsigned rows = rows_below(p + band - i + 1);
    const double *column = a + p * band;
    __m512d low = _mm512_maskz_loadu_pd(rows & 0xff, column + i);
    __m512d high = _mm512_maskz_loadu_pd(rows >> 8, column + i + 8);
    UNROLLED
    for (int k = 0; k < COLUMNS; k++) {
      __m512d factor = _mm512_set1_pd(column[j + k]);
      sum[k][0] = _mm512_fnmadd_pd(low, factor, sum[k][0]);
      sum[k][1] = _mm512_fnmadd_pd(high, factor, sum[k][1]);
    }
  }
  for (; p < j; p++) {
    const double *column = a + p * band;
    __m512d low = _mm512_loadu_pd(column + i), high = _mm512_loadu_pd(column + i + 8);
    UNROLLED
    for (int k = 0; k < COLUMNS; k++) {
      __m512d factor = _mm512_set1_pd(column[j + k]);
      sum[k][0] = _mm512_fnmadd_pd(low, factor, sum[k][0]);
      sum[k][1] = _mm512_fnmadd_pd(high, factor, sum[k][1]);
    }
  }
  UNROLLED
  for (int k = 0; k < COLUMNS; k++) {
    double *column = a + (j + k) * band + i;
    _mm512_mask_storeu_pd(column, mask[k] & 0xff, sum[k][0]);
    _mm512_mask_storeu_pd(column + 8, mask[k] >> 8, sum[k][1]);
  }
}

/// Factors columns from which what is left of them was taken off; false where they are not positive.
WIDE static int factor_columns(double *a, long band, long j, long count) {
  for (long k = j; k < j + count; k++) {
    double *column = a + k * band;
    if (!(column[k] > 0)) return 0;
    double scale = 1 / sqrt(column[k]);
    for (long i = k; i <= k + band; i++) column[i] *= scale;
    for (long m = k + 1; m < j + count && m <= k + band; m++) {
      double factor = column[m], *other = a + m * band;
      for (long i = m; i <= k + band; i++) other[i] -= factor * column[i];
    }
  }
  return 1;
}

WIDE static int factor_wide(long n, long band, double *a) {
  long j = 0;
  for (; j + COLUMNS <= n; j += COLUMNS) {
    for (long i = j; i < j + COLUMNS + band; i += ROWS) subtract_left(a, band, i, j);
    if (!factor_columns(a, band, j, COLUMNS)) return 1;
  }
  for (long k = j; k < n; k++) {
    for (long p = k > band ? k - band : 0; p < j; p++) {
      const double *column = a + p * band;
      for (long i = k; i <= p + band; i++) a[k * band + i] -= column[k] * column[i];
    }
  }
  return j < n && !factor_columns(a, band, j, n - j);
}

#endif

int motionc_band_factor(int n, int band, double *a) {
#if defined(__x86_64__)
  if (motionc_has_avx512()) return factor_wide(n, band, a);
#endif
  return motionc_dpbtrf(n, band, a);
}
