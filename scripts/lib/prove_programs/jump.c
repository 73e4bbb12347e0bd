/* SPDX-License-Identifier: BSD-3-Clause */
/* For R's .Call: a multiply that BLAS refuses, so that R's error handler jumps out of it; and OpenBLAS's
 * count. */
#include <R.h>
#include <Rinternals.h>
#include <stddef.h>

int openblas_get_num_threads(void);
void dgemm_(const char* trans_a, const char* trans_b, const int* m, const int* n, const int* k,
            const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
            const double* beta, double* c, const int* ldc, size_t length_a, size_t length_b);

SEXP refused(void);
SEXP refused(void) {
  static double some[40000];
  const int size = 200;
  const int too_few = 199;
  const double one = 1;
  dgemm_("N", "N", &size, &size, &size, &one, some, &too_few, some, &size, &one, some, &size, 1, 1);
  return ScalarInteger(0);
}

SEXP count(void);
SEXP count(void) {
  return ScalarInteger(openblas_get_num_threads());
}
