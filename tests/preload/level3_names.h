/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The level-3 routines besides gemm that the preload library stands in for: what a spy defines and others
 * call. ALPHA and BETA are how cblas takes these scalars.
 */
#ifndef BLASTUNE_TESTS_PRELOAD_LEVEL3_NAMES_H
#define BLASTUNE_TESTS_PRELOAD_LEVEL3_NAMES_H

#include "names.h"

typedef const char* text;
typedef const void* address;
typedef const integer* number;
typedef const void* complex_scalar;

#define CBLAS_SYMM(routine, ALPHA, BETA)                                                                  \
  void NAME(cblas_##routine)(int order, int side, int uplo, integer m, integer n, ALPHA alpha, address a, \
                             integer lda, address b, integer ldb, BETA beta, void* c, integer ldc)
#define FORTRAN_SYMM(routine)                                                                           \
  void NAME(routine##_)(text side, text uplo, number m, number n, address alpha, address a, number lda, \
                        address b, number ldb, address beta, void* c, number ldc, size_t length_1,      \
                        size_t length_2)
#define CBLAS_SYRK(routine, ALPHA, BETA)                                                                   \
  void NAME(cblas_##routine)(int order, int uplo, int trans, integer n, integer k, ALPHA alpha, address a, \
                             integer lda, BETA beta, void* c, integer ldc)
#define FORTRAN_SYRK(routine)                                                                            \
  void NAME(routine##_)(text uplo, text trans, number n, number k, address alpha, address a, number lda, \
                        address beta, void* c, number ldc, size_t length_1, size_t length_2)
#define CBLAS_SYR2K(routine, ALPHA, BETA)                                                                  \
  void NAME(cblas_##routine)(int order, int uplo, int trans, integer n, integer k, ALPHA alpha, address a, \
                             integer lda, address b, integer ldb, BETA beta, void* c, integer ldc)
#define FORTRAN_SYR2K(routine)                                                                           \
  void NAME(routine##_)(text uplo, text trans, number n, number k, address alpha, address a, number lda, \
                        address b, number ldb, address beta, void* c, number ldc, size_t length_1,       \
                        size_t length_2)
#define CBLAS_GEMM3M(routine)                                                                             \
  void NAME(cblas_##routine)(int order, int trans_a, int trans_b, integer m, integer n, integer k,        \
                             address alpha, address a, integer lda, address b, integer ldb, address beta, \
                             void* c, integer ldc)
#define FORTRAN_GEMM3M(routine)                                                                             \
  void NAME(routine##_)(text trans_a, text trans_b, number m, number n, number k, address alpha, address a, \
                        number lda, address b, number ldb, address beta, void* c, number ldc,               \
                        size_t length_1, size_t length_2)

/* For each routine of its kind: EACH(routine, real type, how cblas takes alpha, and beta). */
#define ALL_SYMM(EACH)                                \
  EACH(ssymm, float, float, float)                    \
  EACH(dsymm, double, double, double)                 \
  EACH(csymm, float, complex_scalar, complex_scalar)  \
  EACH(zsymm, double, complex_scalar, complex_scalar) \
  EACH(chemm, float, complex_scalar, complex_scalar)  \
  EACH(zhemm, double, complex_scalar, complex_scalar)
#define ALL_SYRK(EACH)                                \
  EACH(ssyrk, float, float, float)                    \
  EACH(dsyrk, double, double, double)                 \
  EACH(csyrk, float, complex_scalar, complex_scalar)  \
  EACH(zsyrk, double, complex_scalar, complex_scalar) \
  EACH(cherk, float, float, float)                    \
  EACH(zherk, double, double, double)
#define ALL_SYR2K(EACH)                                \
  EACH(ssyr2k, float, float, float)                    \
  EACH(dsyr2k, double, double, double)                 \
  EACH(csyr2k, float, complex_scalar, complex_scalar)  \
  EACH(zsyr2k, double, complex_scalar, complex_scalar) \
  EACH(cher2k, float, complex_scalar, float)           \
  EACH(zher2k, double, complex_scalar, double)
#define ALL_GEMM3M(EACH)                               \
  EACH(cgemm3m, float, complex_scalar, complex_scalar) \
  EACH(zgemm3m, double, complex_scalar, complex_scalar)

#define DECLARE_SYMM(routine, real, ALPHA, BETA) \
  CBLAS_SYMM(routine, ALPHA, BETA);              \
  FORTRAN_SYMM(routine);
#define DECLARE_SYRK(routine, real, ALPHA, BETA) \
  CBLAS_SYRK(routine, ALPHA, BETA);              \
  FORTRAN_SYRK(routine);
#define DECLARE_SYR2K(routine, real, ALPHA, BETA) \
  CBLAS_SYR2K(routine, ALPHA, BETA);              \
  FORTRAN_SYR2K(routine);
#define DECLARE_GEMM3M(routine, real, ALPHA, BETA) \
  CBLAS_GEMM3M(routine);                           \
  FORTRAN_GEMM3M(routine);
ALL_SYMM(DECLARE_SYMM)
ALL_SYRK(DECLARE_SYRK)
ALL_SYR2K(DECLARE_SYR2K)
ALL_GEMM3M(DECLARE_GEMM3M)

#endif
