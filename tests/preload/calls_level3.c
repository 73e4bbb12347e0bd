/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A module that calls the level-3 routines besides gemm, by every name. Before each call it says what kind of
 * call it is: one that the tests' table knows, one so small that a gemm of its size would be left alone, or
 * one that the library refuses.
 */
#include <stdio.h>

#include "level3_names.h"

/* Each its own, none of them ever looked at, so that none may stand in another one's place. */
#define A ((const void*)0x1000)
#define B ((const void*)0x2000)
#define C ((void*)0x3000)

#define KNOWN(call) printf("known "), call;
#define SMALL(call) printf("small "), call;
#define REFUSED(call) printf("refused "), call;

enum {
  by_row = 101,
  by_column = 102,
  plain = 111,
  transposed = 112,
  conjugated = 113,
  upper = 121,
  lower = 122
};
enum { left = 141, right = 142 };

static const float float_scalars[2][2] = {{1.5F, 0}, {2.5F, 0}};
static const double double_scalars[2][2] = {{3.5, 0}, {4.5, 0}};
#define ALPHA_OF(real) (real##_scalars[0])
#define BETA_OF(real) (real##_scalars[1])
#define BY_VALUE_float(scalar) *(scalar)
#define BY_VALUE_double(scalar) *(scalar)
#define BY_VALUE_complex_scalar(scalar) (scalar)
#define PASS(how, scalar) BY_VALUE_##how(scalar)

static const integer m = 100, n = 500, k = 784, odd = 101, few = 16, ten = 10, short_of_m = 99, nothing = 0;

/* m x n x m on the left and m x n x n on the right; by row the other way round. */
#define CALL_SYMM(routine, real, ALPHA, BETA)                                                               \
  KNOWN(NAME(cblas_##routine)(by_column, left, upper, m, n, alpha, A, m, B, m, beta, C, m))                 \
  KNOWN(NAME(cblas_##routine)(by_column, right, lower, m, n, alpha, A, n, B, m, beta, C, m))                \
  KNOWN(NAME(cblas_##routine)(by_row, left, lower, n, m, alpha, A, n, B, m, beta, C, m))                    \
  KNOWN(NAME(cblas_##routine)(by_row, right, upper, n, m, alpha, A, m, B, m, beta, C, m))                   \
  KNOWN(NAME(routine##_)("L", "U", &m, &n, ALPHA_OF(real), A, &m, B, &m, BETA_OF(real), C, &m, 1, 1))       \
  KNOWN(NAME(routine##_)("r", "l", &m, &n, ALPHA_OF(real), A, &n, B, &m, BETA_OF(real), C, &m, 1, 1))       \
  SMALL(NAME(cblas_##routine)(by_column, left, upper, few, few, alpha, A, few, B, few, beta, C, few))       \
  SMALL(NAME(routine##_)("R", "U", &few, &few, ALPHA_OF(real), A, &few, B, &few, BETA_OF(real), C, &few, 1, \
                         1))                                                                                \
  REFUSED(NAME(cblas_##routine)(by_column, left, upper, m, n, alpha, A, short_of_m, B, m, beta, C, m))      \
  REFUSED(NAME(cblas_##routine)(by_column, plain, upper, m, n, alpha, A, m, B, m, beta, C, m))              \
  REFUSED(NAME(cblas_##routine)(by_column, left, upper, m, nothing, alpha, A, m, B, m, beta, C, m))         \
  REFUSED(NAME(routine##_)("L", "X", &m, &n, ALPHA_OF(real), A, &m, B, &m, BETA_OF(real), C, &m, 1, 1))     \
  REFUSED(                                                                                                  \
      NAME(routine##_)("L", "U", &m, &n, ALPHA_OF(real), A, &m, B, &short_of_m, BETA_OF(real), C, &m, 1, 1))

/* Half of odd x odd x k. other, letter: this routine's transpose; wrong: what it does not know for one. */
#define CALL_ANY_SYRK(routine, real, other, letter, wrong)                                             \
  KNOWN(NAME(cblas_##routine)(by_column, upper, plain, odd, k, alpha, A, odd, beta, C, odd))           \
  KNOWN(NAME(cblas_##routine)(by_column, lower, other, odd, k, alpha, A, k, beta, C, odd))             \
  KNOWN(NAME(cblas_##routine)(by_row, lower, plain, odd, k, alpha, A, k, beta, C, odd))                \
  KNOWN(NAME(cblas_##routine)(by_row, upper, other, odd, k, alpha, A, odd, beta, C, odd))              \
  KNOWN(NAME(routine##_)("U", "N", &odd, &k, ALPHA_OF(real), A, &odd, BETA_OF(real), C, &odd, 1, 1))   \
  KNOWN(NAME(routine##_)("L", letter, &odd, &k, ALPHA_OF(real), A, &k, BETA_OF(real), C, &odd, 1, 1))  \
  SMALL(NAME(cblas_##routine)(by_row, upper, plain, ten, ten, alpha, A, ten, beta, C, ten))            \
  SMALL(NAME(routine##_)("l", "n", &ten, &ten, ALPHA_OF(real), A, &ten, BETA_OF(real), C, &ten, 1, 1)) \
  REFUSED(NAME(cblas_##routine)(by_column, upper, plain, odd, k, alpha, A, m, beta, C, odd))           \
  REFUSED(NAME(cblas_##routine)(by_column, upper, wrong, odd, k, alpha, A, k, beta, C, odd))           \
  REFUSED(NAME(cblas_##routine)(by_row, upper, wrong, odd, k, alpha, A, k, beta, C, odd))              \
  REFUSED(NAME(routine##_)("U", "R", &odd, &k, ALPHA_OF(real), A, &k, BETA_OF(real), C, &odd, 1, 1))   \
  REFUSED(NAME(routine##_)("X", "N", &odd, &k, ALPHA_OF(real), A, &odd, BETA_OF(real), C, &odd, 1, 1))

/* The whole of it. */
#define CALL_ANY_SYR2K(routine, real, other, letter, wrong)                                                  \
  KNOWN(NAME(cblas_##routine)(by_column, upper, plain, odd, k, alpha, A, odd, B, odd, beta, C, odd))         \
  KNOWN(NAME(cblas_##routine)(by_column, lower, other, odd, k, alpha, A, k, B, k, beta, C, odd))             \
  KNOWN(NAME(cblas_##routine)(by_row, lower, plain, odd, k, alpha, A, k, B, k, beta, C, odd))                \
  KNOWN(                                                                                                     \
      NAME(routine##_)("U", "N", &odd, &k, ALPHA_OF(real), A, &odd, B, &odd, BETA_OF(real), C, &odd, 1, 1))  \
  KNOWN(NAME(routine##_)("L", letter, &odd, &k, ALPHA_OF(real), A, &k, B, &k, BETA_OF(real), C, &odd, 1, 1)) \
  SMALL(NAME(cblas_##routine)(by_row, upper, plain, ten, ten, alpha, A, ten, B, ten, beta, C, ten))          \
  REFUSED(NAME(cblas_##routine)(by_column, upper, plain, odd, k, alpha, A, odd, B, m, beta, C, odd))         \
  REFUSED(NAME(cblas_##routine)(by_column, upper, wrong, odd, k, alpha, A, k, B, k, beta, C, odd))           \
  REFUSED(NAME(routine##_)("U", "r", &odd, &k, ALPHA_OF(real), A, &k, B, &k, BETA_OF(real), C, &odd, 1, 1))

#define CALL_GEMM3M(routine, real, ALPHA, BETA)                                                              \
  KNOWN(NAME(cblas_##routine)(by_column, plain, plain, m, n, k, ALPHA_OF(real), A, m, B, k, BETA_OF(real),   \
                              C, m))                                                                         \
  KNOWN(                                                                                                     \
      NAME(cblas_##routine)(by_row, plain, plain, n, m, k, ALPHA_OF(real), A, k, B, m, BETA_OF(real), C, m)) \
  KNOWN(NAME(routine##_)("N", "N", &m, &n, &k, ALPHA_OF(real), A, &m, B, &k, BETA_OF(real), C, &m, 1, 1))    \
  REFUSED(NAME(cblas_##routine)(by_column, plain, plain, m, n, k, ALPHA_OF(real), A, short_of_m, B, k,       \
                                BETA_OF(real), C, m))

/* Real ones know every transpose; complex ones know no conjugate, and Hermitian ones nothing but. */
enum { unknown = 110, conjugate_only = 114 };
#define OF_ssyrk(CALL, routine, real) CALL(routine, real, transposed, "T", unknown)
#define OF_dsyrk(CALL, routine, real) CALL(routine, real, conjugated, "c", unknown)
#define OF_csyrk(CALL, routine, real) CALL(routine, real, transposed, "t", conjugate_only)
#define OF_zsyrk(CALL, routine, real) CALL(routine, real, transposed, "T", conjugated)
#define OF_cherk(CALL, routine, real) CALL(routine, real, conjugated, "C", transposed)
#define OF_zherk(CALL, routine, real) CALL(routine, real, conjugated, "c", conjugate_only)
#define OF_ssyr2k OF_ssyrk
#define OF_dsyr2k OF_dsyrk
#define OF_csyr2k OF_csyrk
#define OF_zsyr2k OF_zsyrk
#define OF_cher2k OF_cherk
#define OF_zher2k OF_zherk
#define CALL_SYRK(routine, real, ALPHA, BETA) OF_##routine(CALL_ANY_SYRK, routine, real)
#define CALL_SYR2K(routine, real, ALPHA, BETA) OF_##routine(CALL_ANY_SYR2K, routine, real)

#define DEFINE(CALL, routine, real, ALPHA, BETA)     \
  static void call_##routine(void) {                 \
    const ALPHA alpha = PASS(ALPHA, ALPHA_OF(real)); \
    const BETA beta = PASS(BETA, BETA_OF(real));     \
    (void)alpha, (void)beta;                         \
    CALL(routine, real, ALPHA, BETA)                 \
  }
#define DEFINE_SYMM(...) DEFINE(CALL_SYMM, __VA_ARGS__)
#define DEFINE_SYRK(...) DEFINE(CALL_SYRK, __VA_ARGS__)
#define DEFINE_SYR2K(...) DEFINE(CALL_SYR2K, __VA_ARGS__)
#define DEFINE_GEMM3M(...) DEFINE(CALL_GEMM3M, __VA_ARGS__)
ALL_SYMM(DEFINE_SYMM)
ALL_SYRK(DEFINE_SYRK)
ALL_SYR2K(DEFINE_SYR2K)
ALL_GEMM3M(DEFINE_GEMM3M)

#define RUN(routine, real, ALPHA, BETA) call_##routine();
__attribute__((visibility("default"))) void call_all(void);
void call_all(void) {
  ALL_SYMM(RUN)
  ALL_SYRK(RUN)
  ALL_SYR2K(RUN)
  ALL_GEMM3M(RUN)
  printf("afterwards: %d threads\n", NAME(openblas_get_num_threads)());
}
