/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The forward pass of a small network with and without blastune, in C99:
 *
 *   cc -std=c99 -O2 forward_pass.c $(pkg-config --cflags --libs blastune openblas) -o forward_pass
 *   ./forward_pass 500
 *
 * Matrices are column-major with one sample a column: Z (n x batch) = W (n x m) * X (m x batch).
 */
#define _POSIX_C_SOURCE 200809L

#include <blastune/blastune.h>
#include <cblas.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LAYERS = 3, LARGEST_BATCH = 20000 };

static const int sizes[LAYERS + 1] = {784, 100, 50, 10};

typedef struct network {
  double* weights[LAYERS];         /* sizes[i + 1] x sizes[i] */
  double* activations[LAYERS + 1]; /* sizes[i] x batch */
} network;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double* random_matrix(int rows, int columns) {
  const size_t count = (size_t)rows * (size_t)columns;
  double* matrix = malloc(count * sizeof *matrix);
  if (matrix == NULL) {
    fputs("forward_pass: out of memory\n", stderr);
    exit(1);
  }
  for (size_t i = 0; i < count; ++i) matrix[i] = (double)rand() / RAND_MAX - 0.5;
  return matrix;
}

static void forward(const network* net, int batch, int use_blastune) {
  for (int i = 0; i < LAYERS; ++i) {
    const int m = sizes[i];
    const int n = sizes[i + 1];
    blastune_scope scope = {{0, 0}}; /* leaving this one does nothing */
    if (use_blastune)
      scope = blastune_enter_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, n, batch, m);
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, n, batch, m, 1.0, net->weights[i], n,
                net->activations[i], m, 0.0, net->activations[i + 1], n);
    blastune_leave(scope);
    for (long j = 0; j < (long)n * batch; ++j) /* the activation function */
      if (net->activations[i + 1][j] < 0) net->activations[i + 1][j] = 0;
  }
}

static double seconds_per_pass(const network* net, int batch, int passes, int use_blastune) {
  forward(net, batch, use_blastune); /* the first pass after a change is not typical */
  const double start = now();
  for (int pass = 0; pass < passes; ++pass) forward(net, batch, use_blastune);
  return (now() - start) / passes;
}

int main(int argc, char** argv) {
  const int batch = argc > 1 ? atoi(argv[1]) : 500;
  const int passes = argc > 2 ? atoi(argv[2]) : 200;
  if (batch < 1 || batch > LARGEST_BATCH || passes < 1) {
    fprintf(stderr, "usage: forward_pass [BATCH from 1 to %d] [PASSES]\n", LARGEST_BATCH);
    return 2;
  }
  for (int i = 0; i < LAYERS; ++i) {
    const int threads = blastune_recommend_layer(BLASTUNE_F64, sizes[i], sizes[i + 1], batch);
    if (threads > 0)
      printf("layer %d-%d, batch %d: C = %d\n", sizes[i], sizes[i + 1], batch, threads);
    else
      printf("layer %d-%d, batch %d: no opinion\n", sizes[i], sizes[i + 1], batch);
  }
  blastune_status_info status = {.size = sizeof status};
  if (blastune_status(&status) == 0 && status.message[0] != '\0') printf("note: %s\n", status.message);

  network net;
  for (int i = 0; i < LAYERS; ++i) net.weights[i] = random_matrix(sizes[i + 1], sizes[i]);
  for (int i = 0; i <= LAYERS; ++i) net.activations[i] = random_matrix(sizes[i], batch);
  const double without = seconds_per_pass(&net, batch, passes, 0);
  const double with = seconds_per_pass(&net, batch, passes, 1);
  printf("one pass: %.1f us with OpenBLAS's own choice, %.1f us with blastune (%.2f of it)\n", 1e6 * without,
         1e6 * with, with / without);
  for (int i = 0; i < LAYERS; ++i) free(net.weights[i]);
  for (int i = 0; i <= LAYERS; ++i) free(net.activations[i]);
  return 0;
}
