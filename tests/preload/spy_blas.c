/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An OpenBLAS that multiplies nothing: each gemm prints a line of what it was asked for and with which count.
 * SPY_CORE is who it is, and SPY_IMPOSTOR one that only has OpenBLAS's functions.
 */
#include <stdio.h>

#include "names.h"

#define EXPORT __attribute__((visibility("default")))
#ifdef SPY_WIDE
#define WIDTH " USE64BITINT"
#else
#define WIDTH ""
#endif
#ifdef SPY_IMPOSTOR
#define CONFIG "FooBLAS 1.0"
#else
#define CONFIG "OpenBLAS 0.3.21" WIDTH " NO_AFFINITY " SPY_CORE " MAX_THREADS=16"
#endif

static int threads = 4;

EXPORT const char* NAME(openblas_get_config)(void);
EXPORT const char* NAME(openblas_get_config)(void) {
  return CONFIG;
}
EXPORT const char* NAME(openblas_get_corename)(void);
EXPORT const char* NAME(openblas_get_corename)(void) {
  return SPY_CORE;
}
EXPORT int NAME(openblas_get_parallel)(void);
EXPORT int NAME(openblas_get_parallel)(void) {
  return 1;
}
EXPORT int NAME(openblas_get_num_threads)(void) {
  return threads;
}
EXPORT void NAME(openblas_set_num_threads)(int count);
EXPORT void NAME(openblas_set_num_threads)(int count) {
  threads = count;
}

static void tell(const char* name, int order, int trans_a, int trans_b, const integer* sizes, double alpha) {
  printf("%s %d %d %d %lld %lld %lld %lld %lld %lld %g: %d threads\n", name, order, trans_a, trans_b,
         (long long)sizes[0], (long long)sizes[1], (long long)sizes[2], (long long)sizes[3],
         (long long)sizes[4], (long long)sizes[5], alpha, threads);
  fflush(stdout);
}

#define CBLAS_GEMM(letter, scalar, value)                                                                    \
  EXPORT void NAME(cblas_##letter##gemm)(int order, int trans_a, int trans_b, integer m, integer n,          \
                                         integer k, scalar alpha, const void* a, integer lda, const void* b, \
                                         integer ldb, scalar beta, void* c, integer ldc);                    \
  EXPORT void NAME(cblas_##letter##gemm)(int order, int trans_a, int trans_b, integer m, integer n,          \
                                         integer k, scalar alpha, const void* a, integer lda, const void* b, \
                                         integer ldb, scalar beta, void* c, integer ldc) {                   \
    const integer sizes[6] = {m, n, k, lda, ldb, ldc};                                                       \
    (void)a, (void)b, (void)c, (void)beta;                                                                   \
    tell("cblas_" #letter "gemm", order, trans_a, trans_b, sizes, value);                                    \
  }
CBLAS_GEMM(s, float, (double)alpha)
CBLAS_GEMM(d, double, alpha)
CBLAS_GEMM(c, const void*, (double)*(const float*)alpha)
CBLAS_GEMM(z, const void*, *(const double*)alpha)

#define FORTRAN_GEMM(letter, real)                                                                         \
  EXPORT void NAME(letter##gemm_)(const char* trans_a, const char* trans_b, const integer* m,              \
                                  const integer* n, const integer* k, const real* alpha, const void* a,    \
                                  const integer* lda, const void* b, const integer* ldb, const real* beta, \
                                  void* c, const integer* ldc, size_t length_a, size_t length_b);          \
  EXPORT void NAME(letter##gemm_)(const char* trans_a, const char* trans_b, const integer* m,              \
                                  const integer* n, const integer* k, const real* alpha, const void* a,    \
                                  const integer* lda, const void* b, const integer* ldb, const real* beta, \
                                  void* c, const integer* ldc, size_t length_a, size_t length_b) {         \
    const integer sizes[6] = {*m, *n, *k, *lda, *ldb, *ldc};                                               \
    (void)a, (void)b, (void)c, (void)beta;                                                                 \
    tell(#letter "gemm_", (int)(10 * length_a + length_b), *trans_a, *trans_b, sizes, (double)*alpha);     \
  }
FORTRAN_GEMM(s, float)
FORTRAN_GEMM(d, double)
FORTRAN_GEMM(c, float)
FORTRAN_GEMM(z, double)
