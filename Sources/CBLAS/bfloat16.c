// One tile of 12 rows and 32 columns is summed in 24 vector registers; two more hold the right
// factor's pairs, and each pair of the left one is broadcast. The tile's rows of the left factor
// stay in the first-level cache while the panels of the right one stream through it.
#include "CBLAS.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLLED _Pragma("clang loop unroll(full)")

enum { ROWS = 12, COLUMNS = 32, LANES = 16, PANELS = 4 };

int motionc_has_bfloat16(void) {
  return motionc_has_avx512() && __builtin_cpu_supports("avx512bf16");
}

static size_t pairs(int k) { return ((size_t)k + 1) / 2; }

// Words between rows of a left factor that is packed in rows.
static size_t row_words(int k) { return (pairs(k) + LANES - 1) / LANES * LANES; }

static size_t rounded(int count, size_t unit) { return ((size_t)count + unit - 1) / unit * unit; }

size_t motionc_bfloat16_left_count(int m, int k) { return rounded(m, ROWS) * row_words(k); }

size_t motionc_bfloat16_right_count(int n, int k) { return rounded(n, COLUMNS) * pairs(k); }

INLINE __mmask16 below(int count) {
  if (count >= LANES) return 0xffff;
  return count <= 0 ? 0 : (__mmask16)((1u << count) - 1);
}

// 32 numbers in their order.
INLINE __m512i rounded_row(__m512 low, __m512 high) {
  return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

// 16 pairs, the first of each in the low half.
INLINE __m512i rounded_pairs(__m512 first, __m512 second) {
  const __m512i order =
      _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6,
                       21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
  return _mm512_permutexvar_epi16(order, rounded_row(first, second));
}

// Rows as they are: [m][pairs], each row filled up with zeros.
TARGET static void pack_left_rows(int m, int k, const float *a, int lda, float *packed) {
  size_t words = row_words(k);
  for (int row = 0; row < m; row++) {
    const float *from = a + (size_t)row * lda;
    float *to = packed + row * words;
    int index = 0;
    for (; index + 32 <= k; index += 32) {
      __m512 low = _mm512_loadu_ps(from + index), high = _mm512_loadu_ps(from + index + LANES);
      _mm512_storeu_si512(to + index / 2, rounded_row(low, high));
    }
    if (index < k) {
      __m512 low = _mm512_maskz_loadu_ps(below(k - index), from + index);
      __m512 high = _mm512_maskz_loadu_ps(below(k - index - LANES), from + index + LANES);
      _mm512_storeu_si512(to + index / 2, rounded_row(low, high));
    }
  }
}

// Panels of twelve: [m / 12][pairs][12]. A few panels at a time share each stretch of a row.
TARGET static void pack_left_columns(int m, int k, int from, int rows, const float *a, int lda,
                                     float *packed) {
  size_t count = pairs(k), here = pairs(rows);
  packed += (size_t)from / 2 * ROWS;
  for (int first = 0; first < m; first += PANELS * ROWS) {
    int end = first + PANELS * ROWS < m ? first + PANELS * ROWS : m;
    for (size_t pair = 0; pair < here; pair++) {
      const float *even = a + 2 * pair * lda;
      const float *odd = even + lda;
      int whole = 2 * pair + 1 < (size_t)rows;
      for (int column = first; column < end; column += ROWS) {
        __mmask16 mask = below(end - column < ROWS ? end - column : ROWS);
        __m512 low = _mm512_maskz_loadu_ps(mask, even + column);
        __m512 high = _mm512_maskz_loadu_ps(whole ? mask : 0, odd + column);
        _mm512_mask_storeu_epi32(packed + column * count + pair * ROWS, below(ROWS),
                                 rounded_pairs(low, high));
      }
    }
  }
}

void motionc_bfloat16_pack_left_part(int m, int k, int first, int count, const float *a, int lda,
                                     float *packed) {
  pack_left_columns(m, k, first, count, a, lda, packed);
}

void motionc_bfloat16_pack_left(int transpose, int m, int k, const float *a, int lda,
                                float *packed) {
  if (transpose) {
    pack_left_columns(m, k, 0, k, a, lda, packed);
  } else {
    pack_left_rows(m, k, a, lda, packed);
  }
}

// Panels of 32: [n / 32][pairs][32], columns beyond the last zero.
TARGET static void pack_right_rows(int n, int k, const float *b, int ldb, float *packed) {
  size_t count = pairs(k);
  for (int first = 0; first < n; first += COLUMNS) {
    float *to = packed + first * count;
    const __mmask16 low = below(n - first), high = below(n - first - LANES);
    for (size_t pair = 0; pair < count; pair++, to += COLUMNS) {
      const float *even = b + first + 2 * pair * ldb;
      const float *odd = even + ldb;
      int whole = 2 * pair + 1 < (size_t)k;
      __m512i left = rounded_pairs(_mm512_maskz_loadu_ps(low, even),
                                   _mm512_maskz_loadu_ps(whole ? low : 0, odd));
      __m512i right = rounded_pairs(_mm512_maskz_loadu_ps(high, even + LANES),
                                    _mm512_maskz_loadu_ps(whole ? high : 0, odd + LANES));
      _mm512_storeu_si512(to, left);
      _mm512_storeu_si512(to + LANES, right);
    }
  }
}

// Transposes 16 x 16 words: pairs of rows, fours of rows, then the 128-bit parts.
INLINE void turn(__m512i r[LANES]) {
  __m512i t[LANES];
  UNROLLED
  for (int i = 0; i < 8; i++) {
    t[2 * i] = _mm512_unpacklo_epi32(r[2 * i], r[2 * i + 1]);
    t[2 * i + 1] = _mm512_unpackhi_epi32(r[2 * i], r[2 * i + 1]);
  }
  UNROLLED
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
  UNROLLED
  for (int j = 0; j < 4; j++) {
    __m512i a = _mm512_shuffle_i32x4(r[j], r[4 + j], 0x88);
    __m512i b = _mm512_shuffle_i32x4(r[j], r[4 + j], 0xdd);
    __m512i c = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0x88);
    __m512i d = _mm512_shuffle_i32x4(r[8 + j], r[12 + j], 0xdd);
    t[j] = _mm512_shuffle_i32x4(a, c, 0x88);
    t[4 + j] = _mm512_shuffle_i32x4(b, d, 0x88);
    t[8 + j] = _mm512_shuffle_i32x4(a, c, 0xdd);
    t[12 + j] = _mm512_shuffle_i32x4(b, d, 0xdd);
  }
  UNROLLED
  for (int i = 0; i < LANES; i++) r[i] = t[i];
}

// The same panels from a factor whose columns are stored as rows.
TARGET static void pack_right_columns(int n, int k, const float *b, int ldb, float *packed) {
  size_t count = pairs(k);
  int end = (int)rounded(n, COLUMNS);
  for (int first = 0; first < end; first += LANES) {
    float *panel = packed + first / COLUMNS * COLUMNS * count + first % COLUMNS;
    for (int index = 0; index < k; index += 32) {
      const __mmask16 low = below(k - index), high = below(k - index - LANES);
      __m512i r[LANES];
      UNROLLED
      for (int i = 0; i < LANES; i++) {
        int there = first + i < n;
        const float *from = b + (size_t)(there ? first + i : 0) * ldb + index;
        r[i] = rounded_row(_mm512_maskz_loadu_ps(there ? low : 0, from),
                           _mm512_maskz_loadu_ps(there ? high : 0, from + LANES));
      }
      turn(r);
      size_t from = (size_t)index / 2;
      UNROLLED
      for (int i = 0; i < LANES; i++) {
        if (from + i < count) _mm512_storeu_si512(panel + (from + i) * COLUMNS, r[i]);
      }
    }
  }
}

void motionc_bfloat16_pack_right(int transpose, int n, int k, const float *b, int ldb,
                                 float *packed) {
  if (transpose) {
    pack_right_columns(n, k, b, ldb, packed);
  } else {
    pack_right_rows(n, k, b, ldb, packed);
  }
}

struct product {
  size_t count;  // pairs along the inner axis
  size_t row;    // words between rows of a left factor packed in rows
  float alpha;
  float beta;
  int columns;  // of this tile
  int ldc;
};

// The sums of a tile. Everything up to `panels` is constant where this is inlined.
INLINE void sum_tile(int rows, int vectors, int panels, const struct product *p, const float *a,
                     const float *b, float *c) {
  __m512 sum[ROWS][2];
  UNROLLED
  for (int i = 0; i < rows; i++) {
    sum[i][0] = _mm512_setzero_ps();
    sum[i][1] = _mm512_setzero_ps();
  }
  UNROLLED
  for (int i = 0; i < rows; i++) {
    UNROLLED
    for (int j = 0; j < vectors; j++) {
      _mm_prefetch((const char *)(c + (size_t)i * p->ldc + LANES * j), _MM_HINT_T0);
    }
  }
  const size_t row = panels ? 1 : p->row, step = panels ? ROWS : 1;
  const float *left[4] = {a, a + 3 * row, a + 6 * row, a + 9 * row};
  for (size_t pair = p->count; pair > 0; pair--) {
    __m512bh right[2];
    right[0] = (__m512bh)_mm512_loadu_ps(b);
    if (vectors > 1) right[1] = (__m512bh)_mm512_loadu_ps(b + LANES);
    b += COLUMNS;
    UNROLLED
    for (int i = 0; i < rows; i++) {
      __m512bh factor = (__m512bh)_mm512_set1_ps(left[i / 3][i % 3 * row]);
      UNROLLED
      for (int j = 0; j < vectors; j++) {
        sum[i][j] = _mm512_dpbf16_ps(sum[i][j], factor, right[j]);
      }
    }
    UNROLLED
    for (int i = 0; i < 4; i++) left[i] += step;
  }
  const __m512 alpha = _mm512_set1_ps(p->alpha), beta = _mm512_set1_ps(p->beta);
  const __mmask16 mask[2] = {below(p->columns), below(p->columns - LANES)};
  UNROLLED
  for (int i = 0; i < rows; i++) {
    float *target = c + (size_t)i * p->ldc;
    UNROLLED
    for (int j = 0; j < vectors; j++) {
      __m512 value = _mm512_mul_ps(sum[i][j], alpha);
      if (p->beta != 0) {
        value = _mm512_fmadd_ps(beta, _mm512_maskz_loadu_ps(mask[j], target + LANES * j), value);
      }
      _mm512_mask_storeu_ps(target + LANES * j, mask[j], value);
    }
  }
}

#define TILE(R)                                                                              \
  TARGET static void tile_##R(int vectors, int panels, const struct product *p,              \
                              const float *a, const float *b, float *c) {                    \
    if (vectors > 1) {                                                                       \
      panels ? sum_tile(R, 2, 1, p, a, b, c) : sum_tile(R, 2, 0, p, a, b, c);                \
    } else {                                                                                 \
      panels ? sum_tile(R, 1, 1, p, a, b, c) : sum_tile(R, 1, 0, p, a, b, c);                \
    }                                                                                        \
  }
TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6)
TILE(7) TILE(8) TILE(9) TILE(10) TILE(11) TILE(12)

typedef void (*tile_function)(int vectors, int panels, const struct product *p, const float *a,
                              const float *b, float *c);

static const tile_function tiles[ROWS] = {tile_1, tile_2, tile_3, tile_4,  tile_5,  tile_6,
                                          tile_7, tile_8, tile_9, tile_10, tile_11, tile_12};

void motionc_bfloat16_multiply(int transpose, int m, int n, int k, float alpha, const float *left,
                               const float *right, float beta, float *c, int ldc) {
  struct product p = {pairs(k), row_words(k), alpha, beta, 0, ldc};
  for (int row = 0; row < m; row += ROWS) {
    int rows = m - row < ROWS ? m - row : ROWS;
    const float *a = left + (size_t)row * (transpose ? p.count : p.row);
    for (int column = 0; column < n; column += COLUMNS) {
      p.columns = n - column < COLUMNS ? n - column : COLUMNS;
      tiles[rows - 1](p.columns > LANES ? 2 : 1, transpose, &p, a, right + column * p.count,
                      c + (size_t)row * ldc + column);
    }
  }
}

#else

#include <stdlib.h>

int motionc_has_bfloat16(void) { return 0; }

size_t motionc_bfloat16_left_count(int m, int k) { return 0; }

size_t motionc_bfloat16_right_count(int n, int k) { return 0; }

void motionc_bfloat16_pack_left(int transpose, int m, int k, const float *a, int lda,
                                float *packed) {
  abort();
}

void motionc_bfloat16_pack_left_part(int m, int k, int first, int count, const float *a, int lda,
                                     float *packed) {
  abort();
}

void motionc_bfloat16_pack_right(int transpose, int n, int k, const float *b, int ldb,
                                 float *packed) {
  abort();
}

void motionc_bfloat16_multiply(int transpose, int m, int n, int k, float alpha, const float *left,
                               const float *right, float beta, float *c, int ldc) {
  abort();
}

#endif
