/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The spy's other level-3 routines: each prints every argument that it was given, and the count.
 */
#include <stdio.h>

#include "level3_names.h"

#pragma GCC visibility push(default)

/* A scalar's real part, by how it is passed. */
#define WORTH_float(real, scalar) (double)(scalar)
#define WORTH_double(real, scalar) (double)(scalar)
#define WORTH_complex_scalar(real, scalar) (double)*(const real*)(scalar)
#define WORTH(how, real, scalar) WORTH_##how(real, scalar)
#define AT(real, scalar) (double)*(const real*)(scalar)

static void tell(const char* name, const int choices[3], const integer sizes[6], double alpha, double beta,
                 const char* a, const char* b, const char* c) {
  printf("%s %d %d %d", name, choices[0], choices[1], choices[2]);
  for (int i = 0; i < 6; ++i) printf(" %lld", (long long)sizes[i]);
  printf(" %g %g %p %p %p: %d threads\n", alpha, beta, (const void*)a, (const void*)b, (const void*)c,
         NAME(openblas_get_num_threads)());
  fflush(stdout);
}

#define TELL(name, x, y, z, m, n, k, lda, ldb, ldc, alpha, beta, b) \
  tell(name, (const int[]){x, y, z}, (const integer[]){m, n, k, lda, ldb, ldc}, alpha, beta, a, b, c)
#define LENGTHS (int)(10 * length_1 + length_2)

#define DEFINE_SYMM(routine, real, ALPHA, BETA)                                                             \
  CBLAS_SYMM(routine, ALPHA, BETA) {                                                                        \
    TELL("cblas_" #routine, order, side, uplo, m, n, 0, lda, ldb, ldc, WORTH(ALPHA, real, alpha),           \
         WORTH(BETA, real, beta), b);                                                                       \
  }                                                                                                         \
  FORTRAN_SYMM(routine) {                                                                                   \
    TELL(#routine "_", LENGTHS, *side, *uplo, *m, *n, 0, *lda, *ldb, *ldc, AT(real, alpha), AT(real, beta), \
         b);                                                                                                \
  }
#define DEFINE_SYRK(routine, real, ALPHA, BETA)                                                           \
  CBLAS_SYRK(routine, ALPHA, BETA) {                                                                      \
    TELL("cblas_" #routine, order, uplo, trans, n, 0, k, lda, 0, ldc, WORTH(ALPHA, real, alpha),          \
         WORTH(BETA, real, beta), NULL);                                                                  \
  }                                                                                                       \
  FORTRAN_SYRK(routine) {                                                                                 \
    TELL(#routine "_", LENGTHS, *uplo, *trans, *n, 0, *k, *lda, 0, *ldc, AT(real, alpha), AT(real, beta), \
         NULL);                                                                                           \
  }
#define DEFINE_SYR2K(routine, real, ALPHA, BETA)                                                             \
  CBLAS_SYR2K(routine, ALPHA, BETA) {                                                                        \
    TELL("cblas_" #routine, order, uplo, trans, n, 0, k, lda, ldb, ldc, WORTH(ALPHA, real, alpha),           \
         WORTH(BETA, real, beta), b);                                                                        \
  }                                                                                                          \
  FORTRAN_SYR2K(routine) {                                                                                   \
    TELL(#routine "_", LENGTHS, *uplo, *trans, *n, 0, *k, *lda, *ldb, *ldc, AT(real, alpha), AT(real, beta), \
         b);                                                                                                 \
  }
#define DEFINE_GEMM3M(routine, real, ALPHA, BETA)                                                  \
  CBLAS_GEMM3M(routine) {                                                                          \
    TELL("cblas_" #routine, order, trans_a, trans_b, m, n, k, lda, ldb, ldc, AT(real, alpha),      \
         AT(real, beta), b);                                                                       \
  }                                                                                                \
  FORTRAN_GEMM3M(routine) {                                                                        \
    TELL(#routine "_", LENGTHS, *trans_a, *trans_b, *m, *n, *k, *lda, *ldb, *ldc, AT(real, alpha), \
         AT(real, beta), b);                                                                       \
  }

ALL_SYMM(DEFINE_SYMM)
ALL_SYRK(DEFINE_SYRK)
ALL_SYR2K(DEFINE_SYR2K)
ALL_GEMM3M(DEFINE_GEMM3M)
