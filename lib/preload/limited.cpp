// SPDX-License-Identifier: BSD-3-Clause
//
// Routines that use threads and for which no gemm's advice holds: products with a vector (gemv, ger) and with
// triangular matrices (trmm, trsm). Where others use the processors they are kept to what is left.
#include "preload/standing_in.h"

namespace blastune {
namespace {

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_gemv(Integers of, int order, int transpose, Int m, Int n,
                                                     Scalar, Address, Int lda, Address, Int step_x, Scalar,
                                                     void*, Int step_y) {
  return cblas_gemv_asked(order, transpose, of(m), of(n), of(lda), of(step_x), of(step_y));
}

[[gnu::always_inline]] inline Asked judge_gemv(Integers of, Text transpose, Address m, Address n, Address,
                                               Address, Address lda, Address, Address step_x, Address, void*,
                                               Address step_y, Length) {
  return gemv_asked(transpose_of_letter(letter_at(transpose)), of(m), of(n), of(lda), of(step_x), of(step_y));
}

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_ger(Integers of, int order, Int m, Int n, Scalar, Address,
                                                    Int step_x, Address, Int step_y, void*, Int lda) {
  return cblas_ger_asked(order, of(m), of(n), of(step_x), of(step_y), of(lda));
}

[[gnu::always_inline]] inline Asked judge_ger(Integers of, Address m, Address n, Address, Address,
                                              Address step_x, Address, Address step_y, void*, Address lda) {
  return ger_asked(of(m), of(n), of(step_x), of(step_y), of(lda));
}

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_triangular(Integers of, int order, int side, int triangle,
                                                           int transpose, int diagonal, Int m, Int n, Scalar,
                                                           Address, Int lda, void*, Int ldb) {
  return cblas_triangular_asked(order, side, triangle, transpose, diagonal, of(m), of(n), of(lda), of(ldb));
}

[[gnu::always_inline]] inline Asked judge_triangular(Integers of, Text side, Text triangle, Text transpose,
                                                     Text diagonal, Address m, Address n, Address, Address,
                                                     Address lda, void*, Address ldb, Length, Length, Length,
                                                     Length) {
  return triangular_asked(choice_of_letter(letter_at(side), 'L', 'R'),
                          choice_of_letter(letter_at(triangle), 'U', 'L'),
                          transpose_of_letter(letter_at(transpose)),
                          choice_of_letter(letter_at(diagonal), 'N', 'U'), of(m), of(n), of(lda), of(ldb));
}

}  // namespace
}  // namespace blastune

using namespace blastune;

#define BLASTUNE_GEMV(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                               \
  BLASTUNE_STAND_IN(                                                                                        \
      PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_gemv<SCALAR>,                                     \
      (int order, int transpose, std::int64_t m, std::int64_t n, SCALAR alpha, const void* a,               \
       std::int64_t lda, const void* x, std::int64_t step_x, SCALAR beta, void* y, std::int64_t step_y),    \
      order, transpose, m, n, alpha, a, lda, x, step_x, beta, y, step_y)                                    \
  BLASTUNE_STAND_IN(PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_gemv,                                          \
                    (const char* transpose, const void* m, const void* n, const void* alpha, const void* a, \
                     const void* lda, const void* x, const void* step_x, const void* beta, void* y,         \
                     const void* step_y, std::uint64_t length),                                             \
                    transpose, m, n, alpha, a, lda, x, step_x, beta, y, step_y, length)

#define BLASTUNE_GER(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                              \
  BLASTUNE_STAND_IN(PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_ger<SCALAR>,                      \
                    (int order, std::int64_t m, std::int64_t n, SCALAR alpha, const void* x,              \
                     std::int64_t step_x, const void* y, std::int64_t step_y, void* a, std::int64_t lda), \
                    order, m, n, alpha, x, step_x, y, step_y, a, lda)                                     \
  BLASTUNE_STAND_IN(PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_ger,                                         \
                    (const void* m, const void* n, const void* alpha, const void* x, const void* step_x,  \
                     const void* y, const void* step_y, void* a, const void* lda),                        \
                    m, n, alpha, x, step_x, y, step_y, a, lda)

#define BLASTUNE_TRIANGULAR(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                        \
  BLASTUNE_STAND_IN(                                                                                       \
      PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_triangular<SCALAR>,                              \
      (int order, int side, int triangle, int transpose, int diagonal, std::int64_t m, std::int64_t n,     \
       SCALAR alpha, const void* a, std::int64_t lda, void* b, std::int64_t ldb),                          \
      order, side, triangle, transpose, diagonal, m, n, alpha, a, lda, b, ldb)                             \
  BLASTUNE_STAND_IN(                                                                                       \
      PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_triangular,                                                 \
      (const char* side, const char* triangle, const char* transpose, const char* diagonal, const void* m, \
       const void* n, const void* alpha, const void* a, const void* lda, void* b, const void* ldb,         \
       std::uint64_t length_1, std::uint64_t length_2, std::uint64_t length_3, std::uint64_t length_4),    \
      side, triangle, transpose, diagonal, m, n, alpha, a, lda, b, ldb, length_1, length_2, length_3,      \
      length_4)

#define BLASTUNE_OF_EACH_TYPE(DEFINE, PREFIX, ROUTINE, SUFFIX)  \
  DEFINE(PREFIX, s##ROUTINE, SUFFIX, BLASTUNE_F32, float)       \
  DEFINE(PREFIX, d##ROUTINE, SUFFIX, BLASTUNE_F64, double)      \
  DEFINE(PREFIX, c##ROUTINE, SUFFIX, BLASTUNE_C64, const void*) \
  DEFINE(PREFIX, z##ROUTINE, SUFFIX, BLASTUNE_C128, const void*)

#define BLASTUNE_LIMITED(PREFIX, SUFFIX)                           \
  BLASTUNE_OF_EACH_TYPE(BLASTUNE_GEMV, PREFIX, gemv, SUFFIX)       \
  BLASTUNE_OF_EACH_TYPE(BLASTUNE_TRIANGULAR, PREFIX, trmm, SUFFIX) \
  BLASTUNE_OF_EACH_TYPE(BLASTUNE_TRIANGULAR, PREFIX, trsm, SUFFIX) \
  BLASTUNE_GER(PREFIX, sger, SUFFIX, BLASTUNE_F32, float)          \
  BLASTUNE_GER(PREFIX, dger, SUFFIX, BLASTUNE_F64, double)         \
  BLASTUNE_GER(PREFIX, cgeru, SUFFIX, BLASTUNE_C64, const void*)   \
  BLASTUNE_GER(PREFIX, zgeru, SUFFIX, BLASTUNE_C128, const void*)  \
  BLASTUNE_GER(PREFIX, cgerc, SUFFIX, BLASTUNE_C64, const void*)   \
  BLASTUNE_GER(PREFIX, zgerc, SUFFIX, BLASTUNE_C128, const void*)

BLASTUNE_ALL_AFFIXES(BLASTUNE_LIMITED)
