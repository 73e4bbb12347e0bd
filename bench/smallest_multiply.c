/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An unmodified program for preload_cost.py: multiplies two 4 x 4 matrices over and over, and prints the
 * nanoseconds of one multiply: the median of many rounds.
 */
#define _POSIX_C_SOURCE 200809L
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { rounds = 201, calls = 2000, size = 4 };

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return 1e9 * (double)time.tv_sec + (double)time.tv_nsec;
}

static int compare(const void* left, const void* right) {
  const double a = *(const double*)left;
  const double b = *(const double*)right;
  return (a > b) - (a < b);
}

int main(void) {
  double a[size * size];
  double b[size * size];
  double c[size * size];
  double taken[rounds];
  for (int i = 0; i < size * size; ++i) a[i] = b[i] = c[i] = 0.5 * i;
  for (int round = 0; round < rounds; ++round) {
    const double begin = now();
    for (int call = 0; call < calls; ++call)
      cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, size, size, size, 1.0, a, size, b, size, 0.0, c,
                  size);
    taken[round] = (now() - begin) / calls;
  }
  qsort(taken, rounds, sizeof taken[0], &compare);
  printf("%.3f\n", taken[rounds / 2]);
  return 0;
}
