/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Linked statically, with a gemm of its own: nothing can stand in for that.
 */
#include <stdio.h>

int cblas_dgemm(int order);
int cblas_dgemm(int order) {
  printf("a static gemm by order %d\n", order);
  return 0;
}

int main(void) {
  return cblas_dgemm(102);
}
