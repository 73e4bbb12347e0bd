/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Calls every routine that the preload library stands in for, by both interfaces, on a real OpenBLAS, and
 * prints a checksum of each result: what one argument out of place would change.
 */
#include <cblas.h>
#include <stdio.h>
#include <string.h>

/* Large enough that products with a vector are looked at; every size its own, so that none can stand for
 * another. */
enum { M = 130, N = 110, K = 90, LDA = 140, LDB = 141, LDC = 142 };

static union {
  float f[3][2 * 150 * 150];
  double d[3][2 * 150 * 150];
} memory;

static void fill(int is_double) {
  for (int matrix = 0; matrix < 3; ++matrix) {
    for (int i = 0; i < 2 * 150 * 150; ++i) {
      const double value = (double)((i * 7 + matrix * 13) % 31) / 8.0 - 1.5;
      if (is_double)
        memory.d[matrix][i] = value;
      else
        memory.f[matrix][i] = (float)value;
    }
    /* Triangular systems that do not blow up. */
    for (int i = 0; i < 140; ++i) {
      const int at = i * (LDA + 1);
      if (is_double)
        memory.d[matrix][at] = memory.d[matrix][2 * at] = 400.0;
      else
        memory.f[matrix][at] = memory.f[matrix][2 * at] = 400.0F;
    }
  }
}

static void tell(const char* name, int matrix, int is_double) {
  double sum = 0;
  for (int i = 0; i < 2 * 150 * 150; ++i) {
    const double value = is_double ? memory.d[matrix][i] : (double)memory.f[matrix][i];
    sum += value * (1 + i % 17);
  }
  printf("%s %.9g\n", name, sum);
}

#define CALL(is_double, result, name, arguments) \
  fill(is_double);                               \
  name arguments;                                \
  tell(#name, result, is_double);

/* Fortran's names, as a C program without its own header for them knows them. */
typedef blasint integer;
#define FORTRAN_OF(T, P, R)                                                                                \
  void P##gemm_(const char*, const char*, const integer*, const integer*, const integer*, const R*,        \
                const T*, const integer*, const T*, const integer*, const R*, T*, const integer*, size_t,  \
                size_t);                                                                                   \
  void P##symm_(const char*, const char*, const integer*, const integer*, const R*, const T*,              \
                const integer*, const T*, const integer*, const R*, T*, const integer*, size_t, size_t);   \
  void P##syrk_(const char*, const char*, const integer*, const integer*, const R*, const T*,              \
                const integer*, const R*, T*, const integer*, size_t, size_t);                             \
  void P##syr2k_(const char*, const char*, const integer*, const integer*, const R*, const T*,             \
                 const integer*, const T*, const integer*, const R*, T*, const integer*, size_t, size_t);  \
  void P##trmm_(const char*, const char*, const char*, const char*, const integer*, const integer*,        \
                const R*, const T*, const integer*, T*, const integer*, size_t, size_t, size_t, size_t);   \
  void P##trsm_(const char*, const char*, const char*, const char*, const integer*, const integer*,        \
                const R*, const T*, const integer*, T*, const integer*, size_t, size_t, size_t, size_t);   \
  void P##gemv_(const char*, const integer*, const integer*, const R*, const T*, const integer*, const T*, \
                const integer*, const R*, T*, const integer*, size_t);
FORTRAN_OF(float, s, float)
FORTRAN_OF(double, d, double)
FORTRAN_OF(float, c, float)
FORTRAN_OF(double, z, double)
#define FORTRAN_HERMITIAN(T, P)                                                                             \
  void P##hemm_(const char*, const char*, const integer*, const integer*, const T*, const T*,               \
                const integer*, const T*, const integer*, const T*, T*, const integer*, size_t, size_t);    \
  void P##herk_(const char*, const char*, const integer*, const integer*, const T*, const T*,               \
                const integer*, const T*, T*, const integer*, size_t, size_t);                              \
  void P##her2k_(const char*, const char*, const integer*, const integer*, const T*, const T*,              \
                 const integer*, const T*, const integer*, const T*, T*, const integer*, size_t, size_t);   \
  void P##gemm3m_(const char*, const char*, const integer*, const integer*, const integer*, const T*,       \
                  const T*, const integer*, const T*, const integer*, const T*, T*, const integer*, size_t, \
                  size_t);                                                                                  \
  void P##geru_(const integer*, const integer*, const T*, const T*, const integer*, const T*,               \
                const integer*, T*, const integer*);                                                        \
  void P##gerc_(const integer*, const integer*, const T*, const T*, const integer*, const T*,               \
                const integer*, T*, const integer*);
FORTRAN_HERMITIAN(float, c)
FORTRAN_HERMITIAN(double, z)
void sger_(const integer*, const integer*, const float*, const float*, const integer*, const float*,
           const integer*, float*, const integer*);
void dger_(const integer*, const integer*, const double*, const double*, const integer*, const double*,
           const integer*, double*, const integer*);

static const integer m = M, n = N, k = K, lda = LDA, ldb = LDB, ldc = LDC, one = 1, two = 2;

/* S: how the cblas interface takes the scalars. */
#define ALL(D, P, A, B, C, ALPHA, BETA, alpha, beta)                                                        \
  CALL(D, 2, cblas_##P##gemm,                                                                               \
       (CblasColMajor, CblasNoTrans, CblasTrans, M, N, K, ALPHA, A, LDA, B, LDB, BETA, C, LDC))             \
  CALL(D, 2, cblas_##P##gemm,                                                                               \
       (CblasRowMajor, CblasTrans, CblasNoTrans, M, N, K, ALPHA, A, LDA, B, LDB, BETA, C, LDC))             \
  CALL(D, 2, P##gemm_, ("T", "N", &m, &n, &k, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))                \
  CALL(D, 2, cblas_##P##symm,                                                                               \
       (CblasColMajor, CblasRight, CblasUpper, M, N, ALPHA, A, LDA, B, LDB, BETA, C, LDC))                  \
  CALL(D, 2, cblas_##P##symm,                                                                               \
       (CblasRowMajor, CblasLeft, CblasLower, M, N, ALPHA, A, LDA, B, LDB, BETA, C, LDC))                   \
  CALL(D, 2, P##symm_, ("L", "u", &m, &n, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))                    \
  CALL(D, 2, cblas_##P##syrk, (CblasColMajor, CblasLower, CblasNoTrans, N, K, ALPHA, A, LDA, BETA, C, LDC)) \
  CALL(D, 2, cblas_##P##syrk, (CblasRowMajor, CblasUpper, CblasNoTrans, N, K, ALPHA, A, LDA, BETA, C, LDC)) \
  CALL(D, 2, P##syrk_, ("U", "T", &n, &k, alpha, A, &lda, beta, C, &ldc, 1, 1))                             \
  CALL(D, 2, cblas_##P##syr2k,                                                                              \
       (CblasColMajor, CblasLower, CblasNoTrans, N, K, ALPHA, A, LDA, B, LDB, BETA, C, LDC))                \
  CALL(D, 2, P##syr2k_, ("U", "T", &n, &k, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))                   \
  CALL(D, 1, cblas_##P##trmm,                                                                               \
       (CblasColMajor, CblasRight, CblasUpper, CblasTrans, CblasUnit, M, N, ALPHA, A, LDA, B, LDB))         \
  CALL(D, 1, P##trmm_, ("L", "L", "N", "N", &m, &n, alpha, A, &lda, B, &ldb, 1, 1, 1, 1))                   \
  CALL(D, 1, cblas_##P##trsm,                                                                               \
       (CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, M, N, ALPHA, A, LDA, B, LDB))     \
  CALL(D, 1, P##trsm_, ("R", "U", "T", "N", &m, &n, alpha, A, &lda, B, &ldb, 1, 1, 1, 1))                   \
  CALL(D, 2, cblas_##P##gemv, (CblasColMajor, CblasTrans, M, N, ALPHA, A, LDA, B, 1, BETA, C, 2))           \
  CALL(D, 2, cblas_##P##gemv, (CblasRowMajor, CblasNoTrans, M, N, ALPHA, A, LDA, B, 2, BETA, C, 1))         \
  CALL(D, 2, P##gemv_, ("N", &m, &n, alpha, A, &lda, B, &two, beta, C, &one, 1))

#define REAL(D, T, A, B, C, P)                                                   \
  static void P##_all(void) {                                                    \
    const T alpha = (T)1.25, beta = (T)0.5;                                      \
    ALL(D, P, A, B, C, alpha, beta, &alpha, &beta)                               \
    CALL(D, 2, cblas_##P##ger, (CblasColMajor, M, N, alpha, A, 1, B, 2, C, LDC)) \
    CALL(D, 2, cblas_##P##ger, (CblasRowMajor, M, N, alpha, A, 2, B, 1, C, LDC)) \
    CALL(D, 2, P##ger_, (&m, &n, &alpha, A, &two, B, &one, C, &ldc))             \
  }
REAL(0, float, memory.f[0], memory.f[1], memory.f[2], s)
REAL(1, double, memory.d[0], memory.d[1], memory.d[2], d)

#define COMPLEX(D, T, A, B, C, P)                                                                     \
  static void P##_all(void) {                                                                         \
    const T alpha[2] = {(T)1.25, (T)0.75}, beta[2] = {(T)0.5, (T)-0.25};                              \
    ALL(D, P, A, B, C, alpha, beta, alpha, beta)                                                      \
    CALL(D, 2, cblas_##P##gemm3m,                                                                     \
         (CblasColMajor, CblasConjTrans, CblasNoTrans, M, N, K, alpha, A, LDA, B, LDB, beta, C, LDC)) \
    CALL(D, 2, P##gemm3m_, ("N", "C", &m, &n, &k, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))      \
    CALL(D, 2, cblas_##P##hemm,                                                                       \
         (CblasColMajor, CblasLeft, CblasUpper, M, N, alpha, A, LDA, B, LDB, beta, C, LDC))           \
    CALL(D, 2, P##hemm_, ("R", "L", &m, &n, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))            \
    CALL(D, 2, cblas_##P##herk,                                                                       \
         (CblasRowMajor, CblasUpper, CblasConjTrans, N, K, alpha[0], A, LDA, beta[0], C, LDC))        \
    CALL(D, 2, P##herk_, ("L", "N", &n, &k, alpha, A, &lda, beta, C, &ldc, 1, 1))                     \
    CALL(D, 2, cblas_##P##her2k,                                                                      \
         (CblasColMajor, CblasUpper, CblasNoTrans, N, K, alpha, A, LDA, B, LDB, beta[0], C, LDC))     \
    CALL(D, 2, P##her2k_, ("L", "C", &n, &k, alpha, A, &lda, B, &ldb, beta, C, &ldc, 1, 1))           \
    CALL(D, 2, cblas_##P##geru, (CblasColMajor, M, N, alpha, A, 1, B, 2, C, LDC))                     \
    CALL(D, 2, P##geru_, (&m, &n, alpha, A, &two, B, &one, C, &ldc))                                  \
    CALL(D, 2, cblas_##P##gerc, (CblasRowMajor, M, N, alpha, A, 2, B, 1, C, LDC))                     \
    CALL(D, 2, P##gerc_, (&m, &n, alpha, A, &one, B, &two, C, &ldc))                                  \
  }
COMPLEX(0, float, memory.f[0], memory.f[1], memory.f[2], c)
COMPLEX(1, double, memory.d[0], memory.d[1], memory.d[2], z)

int main(void) {
  s_all();
  d_all();
  c_all();
  z_all();
  return 0;
}
