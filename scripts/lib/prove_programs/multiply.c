/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that is linked with OpenBLAS and multiplies whole numbers: it says whether all products are right
 * and the count is what it was. To be built with a sanitizer, and to be looked at by valgrind.
 */
#include <stdio.h>
#include <stdlib.h>

int openblas_get_num_threads(void);
void cblas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha, const double* a,
                 int lda, const double* b, int ldb, double beta, double* c, int ldc);

/* All elements of a product are the same: k * 2 * 3. */
static int is_right(int m, int n, int k) {
  double* a = malloc(sizeof *a * (size_t)m * (size_t)k);
  double* b = malloc(sizeof *b * (size_t)k * (size_t)n);
  double* c = malloc(sizeof *c * (size_t)m * (size_t)n);
  int right = a != NULL && b != NULL && c != NULL;
  for (int i = 0; right && i < m * k; ++i) a[i] = 2;
  for (int i = 0; right && i < k * n; ++i) b[i] = 3;
  if (right) cblas_dgemm(102, 111, 111, m, n, k, 1, a, m, b, k, 0, c, m);
  for (int i = 0; right && i < m * n; ++i) right = c[i] == 6.0 * k;
  free(a);
  free(b);
  free(c);
  return right;
}

int main(void) {
  const int before = openblas_get_num_threads();
  int right = 1;
  for (int round = 0; round < 2; ++round) {
    for (int batch = 50; batch <= 500; batch += 150) {
      right = right && is_right(100, batch, 784) && is_right(50, batch, 100) && is_right(10, batch, 50);
    }
  }
  printf("%s, the count is %s\n", right ? "right" : "wrong",
         openblas_get_num_threads() == before ? "what it was" : "another");
  return right ? 0 : 1;
}
