// OpenBLAS is opened with dlopen after OPENBLAS_CORETYPE has been set: Debian's 0.3.21 does not
// know newer processors and would run its AVX2 kernels where AVX-512 ones reach twice as much.
#include "CBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

typedef void (*gemm_function)(int order, int transpose_a, int transpose_b, int m, int n, int k,
                              float alpha, const float *a, int lda, const float *b, int ldb,
                              float beta, float *c, int ldc);

typedef void (*syev_function)(const char *job, const char *part, const int *n, double *a,
                              const int *lda, double *w, double *work, const int *lwork,
                              int *info);
typedef void (*potrf_function)(const char *part, const int *n, double *a, const int *lda,
                               int *info);
typedef void (*potrs_function)(const char *part, const int *n, const int *columns,
                               const double *a, const int *lda, double *b, const int *ldb,
                               int *info);
typedef void (*trtrs_function)(const char *part, const char *transpose, const char *diagonal,
                               const int *n, const int *columns, const double *a, const int *lda,
                               double *b, const int *ldb, int *info);
typedef void (*pbtrf_function)(const char *part, const int *n, const int *band, double *a,
                               const int *lda, int *info);
typedef void (*pbtrs_function)(const char *part, const int *n, const int *band,
                               const int *columns, const double *a, const int *lda, double *b,
                               const int *ldb, int *info);

enum { NO_LAPACK = -1000 };
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char message[512];
static int usable;
static gemm_function gemm;
static syev_function syev;
static potrf_function potrf;
static potrs_function potrs;
static trtrs_function trtrs;
static pbtrf_function pbtrf;
static pbtrs_function pbtrs;
static void (*set_threads)(int);
static int (*get_threads)(void);
static char *(*get_corename)(void);
static char *(*get_config)(void);

int motionc_has_avx512(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
#else
  return 0;
#endif
}

static void choose_kernels(void) {
#if defined(__x86_64__)
  if (motionc_has_avx512()) {
    setenv("OPENBLAS_CORETYPE",
           __builtin_cpu_supports("avx512bf16") ? "Cooperlake" : "SkylakeX", 0);
  }
#endif
  // Workers of ours share the work; threads of the library's own would only get in their way.
  setenv("OPENBLAS_NUM_THREADS", "1", 0);
}

static void load(void) {
  choose_kernels();
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    snprintf(message, sizeof message,
             "OpenBLAS (libopenblas.so.0) cannot be loaded: %s; on Debian install "
             "libopenblas-dev",
             reason ? reason : "no reason given");
    return;
  }
  gemm = (gemm_function)dlsym(library, "cblas_sgemm");
  syev = (syev_function)dlsym(library, "dsyev_");
  potrf = (potrf_function)dlsym(library, "dpotrf_");
  potrs = (potrs_function)dlsym(library, "dpotrs_");
  trtrs = (trtrs_function)dlsym(library, "dtrtrs_");
  pbtrf = (pbtrf_function)dlsym(library, "dpbtrf_");
  pbtrs = (pbtrs_function)dlsym(library, "dpbtrs_");
  set_threads = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  get_threads = (int (*)(void))dlsym(library, "openblas_get_num_threads");
  get_corename = (char *(*)(void))dlsym(library, "openblas_get_corename");
  get_config = (char *(*)(void))dlsym(library, "openblas_get_config");
  if (!gemm || !syev || !potrf || !potrs || !trtrs || !pbtrf || !pbtrs) {
    snprintf(message, sizeof message, "the OpenBLAS found lacks %s",
             gemm ? "LAPACK (dsyev, dpotrf, dpotrs, dtrtrs, dpbtrf, dpbtrs)" : "cblas_sgemm");
    return;
  }
  if (set_threads) set_threads(1);
  usable = 1;
}

int motionc_blas_load(void) {
  pthread_once(&once, load);
  return usable;
}

const char *motionc_blas_error(void) {
  motionc_blas_load();
  return message;
}

const char *motionc_blas_corename(void) {
  return motionc_blas_load() && get_corename ? get_corename() : "none";
}

const char *motionc_blas_config(void) {
  return motionc_blas_load() && get_config ? get_config() : "none";
}

int motionc_blas_threads(void) {
  return motionc_blas_load() && get_threads ? get_threads() : 1;
}

void motionc_blas_set_threads(int threads) {
  if (motionc_blas_load() && set_threads) set_threads(threads);
}

void motionc_sgemm(int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                   const float *a, int lda, const float *b, int ldb, float beta, float *c,
                   int ldc) {
  if (!motionc_blas_load()) {
    fprintf(stderr, "%s\n", message);
    abort();
  }
  gemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE,
       transpose_b ? TRANSPOSE : NO_TRANSPOSE, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

int motionc_dsyev(int n, double *a, double *values) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int size = -1, info = 0;
  double best = 0;
  syev("V", "L", &n, a, &n, values, &best, &size, &info);
  if (info != 0) return info;
  size = (int)best;
  double *work = malloc((size_t)size * sizeof *work);
  if (!work) abort();
  syev("V", "L", &n, a, &n, values, work, &size, &info);
  free(work);
  return info;
}

int motionc_dpotrf(int n, double *a) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int info = 0;
  potrf("L", &n, a, &n, &info);
  return info;
}

int motionc_dpotrs(int n, int columns, const double *factor, double *b) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int info = 0;
  potrs("L", &n, &columns, factor, &n, b, &n, &info);
  return info;
}

int motionc_dpbtrf(int n, int band, double *a) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int info = 0;
  int rows = band + 1;
  pbtrf("L", &n, &band, a, &rows, &info);
  return info;
}

int motionc_dpbtrs(int n, int band, const double *factor, double *b) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int info = 0;
  int rows = band + 1, columns = 1;
  pbtrs("L", &n, &band, &columns, factor, &rows, b, &n, &info);
  return info;
}

int motionc_dtrtrs(int n, int columns, const double *factor, double *b) {
  if (!motionc_blas_load()) return NO_LAPACK;
  int info = 0;
  trtrs("L", "N", "N", &n, &columns, factor, &n, b, &n, &info);
  return info;
}
