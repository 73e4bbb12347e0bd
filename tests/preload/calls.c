/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program's own code, bound to the functions of one spy: the multiply that the tests' tables know, by every
 * name and in either order, and calls that the library refuses. As a module it is loaded as Python loads its
 * extensions; with CALLS_MAIN it is a program of its own.
 */
#include <stdio.h>

#include "names.h"

#define CBLAS_GEMM(letter, scalar)                                                                      \
  void NAME(cblas_##letter##gemm)(int order, int trans_a, int trans_b, integer m, integer n, integer k, \
                                  scalar alpha, const void* a, integer lda, const void* b, integer ldb, \
                                  scalar beta, void* c, integer ldc)
CBLAS_GEMM(s, float);
CBLAS_GEMM(d, double);
CBLAS_GEMM(c, const void*);
CBLAS_GEMM(z, const void*);

#define FORTRAN_GEMM(letter, real)                                                                           \
  void NAME(letter##gemm_)(const char* trans_a, const char* trans_b, const integer* m, const integer* n,     \
                           const integer* k, const real* alpha, const void* a, const integer* lda,           \
                           const void* b, const integer* ldb, const real* beta, void* c, const integer* ldc, \
                           size_t length_a, size_t length_b)
FORTRAN_GEMM(s, float);
FORTRAN_GEMM(d, double);
FORTRAN_GEMM(c, float);
FORTRAN_GEMM(z, double);

__attribute__((visibility("default"))) void call_all(void);
void call_all(void) {
  const float f32[2] = {1.5F, 0};
  const double f64[2] = {2.5, 0};
  const integer m = 100;
  const integer n = 500;
  const integer k = 784;
  const integer too_few = 99;

  NAME(cblas_sgemm)(102, 111, 111, m, n, k, f32[0], 0, m, 0, k, 0, 0, m);
  NAME(cblas_dgemm)(102, 111, 111, m, n, k, f64[0], 0, m, 0, k, 0, 0, m);
  NAME(cblas_cgemm)(102, 111, 111, m, n, k, f32, 0, m, 0, k, f32, 0, m);
  NAME(cblas_zgemm)(102, 111, 111, m, n, k, f64, 0, m, 0, k, f64, 0, m);
  NAME(sgemm_)("N", "N", &m, &n, &k, f32, 0, &m, 0, &k, f32, 0, &m, 1, 1);
  NAME(dgemm_)("N", "N", &m, &n, &k, f64, 0, &m, 0, &k, f64, 0, &m, 1, 1);
  NAME(cgemm_)("N", "N", &m, &n, &k, f32, 0, &m, 0, &k, f32, 0, &m, 1, 1);
  NAME(zgemm_)("N", "N", &m, &n, &k, f64, 0, &m, 0, &k, f64, 0, &m, 1, 1);
  /* By row: what the library sees is the one above. */
  NAME(cblas_dgemm)(101, 111, 111, n, m, k, f64[0], 0, k, 0, m, 0, 0, m);
  /* Refused: a leading dimension below the number of rows, an unknown letter, nothing to multiply. */
  NAME(cblas_dgemm)(102, 111, 111, m, n, k, f64[0], 0, too_few, 0, k, 0, 0, m);
  NAME(dgemm_)("X", "N", &m, &n, &k, f64, 0, &m, 0, &k, f64, 0, &m, 1, 1);
  NAME(cblas_dgemm)(102, 111, 111, 0, n, k, f64[0], 0, m, 0, k, 0, 0, m);
  printf("afterwards: %d threads\n", NAME(openblas_get_num_threads)());
}

#ifdef CALLS_MAIN
int main(void) {
  call_all();
  return 0;
}
#endif
