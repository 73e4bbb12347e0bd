// SPDX-License-Identifier: BSD-3-Clause
//
// Vectors alone, and their products with symmetric and triangular matrices: where others use the processors
// they are kept to what is left.
#include "preload/standing_in.h"

namespace blastune {
namespace {

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_axpy(Integers of, Int n, Scalar, Address, Int step_x, void*,
                                                     Int step_y) {
  return vector_asked(of(n), of(step_x), of(step_y));
}
[[gnu::always_inline]] inline Asked judge_axpy(Integers of, Address n, Address, Address, Address step_x,
                                               void*, Address step_y) {
  return vector_asked(of(n), of(step_x), of(step_y));
}
template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_scal(Integers of, Int n, Scalar, void*, Int step) {
  return vector_asked(of(n), of(step), 1);
}
[[gnu::always_inline]] inline Asked judge_scal(Integers of, Address n, Address, void*, Address step) {
  return vector_asked(of(n), of(step), 1);
}
[[gnu::always_inline]] inline Asked judge_cblas_dot(Integers of, Int n, Address, Int step_x, Address,
                                                    Int step_y) {
  return vector_asked(of(n), of(step_x), of(step_y));
}
[[gnu::always_inline]] inline Asked judge_dot(Integers of, Address n, Address, Address step_x, Address,
                                              Address step_y) {
  return vector_asked(of(n), of(step_x), of(step_y));
}

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_symv(Integers of, int order, int triangle, Int n, Scalar,
                                                     Address, Int lda, Address, Int step_x, Scalar, void*,
                                                     Int step_y) {
  return cblas_square_asked(order, triangle, of(n), of(lda), of(step_x), of(step_y));
}
[[gnu::always_inline]] inline Asked judge_symv(Integers of, Text triangle, Address n, Address, Address,
                                               Address lda, Address, Address step_x, Address, void*,
                                               Address step_y, Length) {
  return square_asked(choice_of_letter(letter_at(triangle), 'U', 'L'), of(n), of(lda), of(step_x),
                      of(step_y));
}

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_syr2(Integers of, int order, int triangle, Int n, Scalar,
                                                     Address, Int step_x, Address, Int step_y, void*,
                                                     Int lda) {
  return cblas_square_asked(order, triangle, of(n), of(lda), of(step_x), of(step_y));
}
[[gnu::always_inline]] inline Asked judge_syr2(Integers of, Text triangle, Address n, Address, Address,
                                               Address step_x, Address, Address step_y, void*, Address lda,
                                               Length) {
  return square_asked(choice_of_letter(letter_at(triangle), 'U', 'L'), of(n), of(lda), of(step_x),
                      of(step_y));
}

[[gnu::always_inline]] inline Asked judge_cblas_trmv(Integers of, int order, int triangle, int transpose,
                                                     int diagonal, Int n, Address, Int lda, void*, Int step) {
  if (transpose_of_cblas(transpose) < 0 || choice_of_cblas(diagonal, 131) < 0) return {};
  return cblas_square_asked(order, triangle, of(n), of(lda), of(step), 1);
}
[[gnu::always_inline]] inline Asked judge_trmv(Integers of, Text triangle, Text transpose, Text diagonal,
                                               Address n, Address, Address lda, void*, Address step, Length,
                                               Length, Length) {
  if (transpose_of_letter(letter_at(transpose)) < 0 || choice_of_letter(letter_at(diagonal), 'N', 'U') < 0)
    return {};
  return square_asked(choice_of_letter(letter_at(triangle), 'U', 'L'), of(n), of(lda), of(step), 1);
}

}  // namespace
}  // namespace blastune

using namespace blastune;

#define BLASTUNE_AXPY_SCAL(PREFIX, T, SUFFIX, DTYPE, SCALAR)                                                 \
  BLASTUNE_STAND_IN(                                                                                         \
      PREFIX##cblas_##T##axpy##SUFFIX, DTYPE, judge_cblas_axpy<SCALAR>,                                      \
      (std::int64_t n, SCALAR alpha, const void* x, std::int64_t step_x, void* y, std::int64_t step_y), n,   \
      alpha, x, step_x, y, step_y)                                                                           \
  BLASTUNE_STAND_IN(                                                                                         \
      PREFIX##T##axpy_##SUFFIX, DTYPE, judge_axpy,                                                           \
      (const void* n, const void* alpha, const void* x, const void* step_x, void* y, const void* step_y), n, \
      alpha, x, step_x, y, step_y)                                                                           \
  BLASTUNE_STAND_IN(PREFIX##cblas_##T##scal##SUFFIX, DTYPE, judge_cblas_scal<SCALAR>,                        \
                    (std::int64_t n, SCALAR alpha, void* x, std::int64_t step), n, alpha, x, step)           \
  BLASTUNE_STAND_IN(PREFIX##T##scal_##SUFFIX, DTYPE, judge_scal,                                             \
                    (const void* n, const void* alpha, void* x, const void* step), n, alpha, x, step)

// Complex ones return in ways that differ between compilers. A float lies in the register of a double, which
// is handed on whole: libraries in the manner of f2c return a double for it.
#define BLASTUNE_DOT(PREFIX, T, SUFFIX, DTYPE, REAL)                                                       \
  BLASTUNE_STAND_IN_FOR(                                                                                   \
      blas, REAL, PREFIX##cblas_##T##dot##SUFFIX, DTYPE, judge_cblas_dot,                                  \
      (std::int64_t n, const void* x, std::int64_t step_x, const void* y, std::int64_t step_y), n, x,      \
      step_x, y, step_y)                                                                                   \
  BLASTUNE_STAND_IN_FOR(                                                                                   \
      blas, REAL, PREFIX##T##dot_##SUFFIX, DTYPE, judge_dot,                                               \
      (const void* n, const void* x, const void* step_x, const void* y, const void* step_y), n, x, step_x, \
      y, step_y)

#define BLASTUNE_SYMV(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                                \
  BLASTUNE_STAND_IN(PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_symv<SCALAR>,                        \
                    (int order, int triangle, std::int64_t n, SCALAR alpha, const void* a, std::int64_t lda, \
                     const void* x, std::int64_t step_x, SCALAR beta, void* y, std::int64_t step_y),         \
                    order, triangle, n, alpha, a, lda, x, step_x, beta, y, step_y)                           \
  BLASTUNE_STAND_IN(PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_symv,                                           \
                    (const char* triangle, const void* n, const void* alpha, const void* a, const void* lda, \
                     const void* x, const void* step_x, const void* beta, void* y, const void* step_y,       \
                     std::uint64_t length),                                                                  \
                    triangle, n, alpha, a, lda, x, step_x, beta, y, step_y, length)

#define BLASTUNE_SYR2(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                             \
  BLASTUNE_STAND_IN(PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_syr2<SCALAR>,                     \
                    (int order, int triangle, std::int64_t n, SCALAR alpha, const void* x,                \
                     std::int64_t step_x, const void* y, std::int64_t step_y, void* a, std::int64_t lda), \
                    order, triangle, n, alpha, x, step_x, y, step_y, a, lda)                              \
  BLASTUNE_STAND_IN(                                                                                      \
      PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_syr2,                                                      \
      (const char* triangle, const void* n, const void* alpha, const void* x, const void* step_x,         \
       const void* y, const void* step_y, void* a, const void* lda, std::uint64_t length),                \
      triangle, n, alpha, x, step_x, y, step_y, a, lda, length)

#define BLASTUNE_TRMV(PREFIX, T, SUFFIX, DTYPE)                                                           \
  BLASTUNE_STAND_IN(PREFIX##cblas_##T##trmv##SUFFIX, DTYPE, judge_cblas_trmv,                             \
                    (int order, int triangle, int transpose, int diagonal, std::int64_t n, const void* a, \
                     std::int64_t lda, void* x, std::int64_t step),                                       \
                    order, triangle, transpose, diagonal, n, a, lda, x, step)                             \
  BLASTUNE_STAND_IN(PREFIX##T##trmv_##SUFFIX, DTYPE, judge_trmv,                                          \
                    (const char* triangle, const char* transpose, const char* diagonal, const void* n,    \
                     const void* a, const void* lda, void* x, const void* step, std::uint64_t length_1,   \
                     std::uint64_t length_2, std::uint64_t length_3),                                     \
                    triangle, transpose, diagonal, n, a, lda, x, step, length_1, length_2, length_3)

#define BLASTUNE_VECTORS_OF(PREFIX, T, SUFFIX, DTYPE, SCALAR) \
  BLASTUNE_AXPY_SCAL(PREFIX, T, SUFFIX, DTYPE, SCALAR)        \
  BLASTUNE_TRMV(PREFIX, T, SUFFIX, DTYPE)

#define BLASTUNE_VECTORS(PREFIX, SUFFIX)                             \
  BLASTUNE_VECTORS_OF(PREFIX, s, SUFFIX, BLASTUNE_F32, float)        \
  BLASTUNE_VECTORS_OF(PREFIX, d, SUFFIX, BLASTUNE_F64, double)       \
  BLASTUNE_VECTORS_OF(PREFIX, c, SUFFIX, BLASTUNE_C64, const void*)  \
  BLASTUNE_VECTORS_OF(PREFIX, z, SUFFIX, BLASTUNE_C128, const void*) \
  BLASTUNE_DOT(PREFIX, s, SUFFIX, BLASTUNE_F32, double)              \
  BLASTUNE_DOT(PREFIX, d, SUFFIX, BLASTUNE_F64, double)              \
  BLASTUNE_SYMV(PREFIX, ssymv, SUFFIX, BLASTUNE_F32, float)          \
  BLASTUNE_SYMV(PREFIX, dsymv, SUFFIX, BLASTUNE_F64, double)         \
  BLASTUNE_SYMV(PREFIX, chemv, SUFFIX, BLASTUNE_C64, const void*)    \
  BLASTUNE_SYMV(PREFIX, zhemv, SUFFIX, BLASTUNE_C128, const void*)   \
  BLASTUNE_SYR2(PREFIX, ssyr2, SUFFIX, BLASTUNE_F32, float)          \
  BLASTUNE_SYR2(PREFIX, dsyr2, SUFFIX, BLASTUNE_F64, double)         \
  BLASTUNE_SYR2(PREFIX, cher2, SUFFIX, BLASTUNE_C64, const void*)    \
  BLASTUNE_SYR2(PREFIX, zher2, SUFFIX, BLASTUNE_C128, const void*)

BLASTUNE_ALL_AFFIXES(BLASTUNE_VECTORS)
