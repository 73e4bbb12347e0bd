// SPDX-License-Identifier: BSD-3-Clause
//
// Products with symmetric and Hermitian matrices: symm, hemm, syrk, herk, syr2k, her2k.
#include "preload/standing_in.h"

namespace blastune {
namespace {

template <class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_symm(Integers of, int order, int side, int triangle, Int m,
                                                     Int n, Scalar, Address, Int lda, Address, Int ldb,
                                                     Scalar, void*, Int ldc) {
  return cblas_symm_asked(order, side, triangle, of(m), of(n), of(lda), of(ldb), of(ldc));
}

[[gnu::always_inline]] inline Asked judge_symm(Integers of, Text side, Text triangle, Address m, Address n,
                                               Address, Address, Address lda, Address, Address ldb, Address,
                                               void*, Address ldc, Length, Length) {
  return symm_asked(choice_of_letter(letter_at(side), 'L', 'R'),
                    choice_of_letter(letter_at(triangle), 'U', 'L'), of(m), of(n), of(lda), of(ldb), of(ldc));
}

template <Family family, class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas_syrk(Integers of, int order, int triangle, int transpose,
                                                     Int n, Int k, Scalar, Address, Int lda, Scalar, void*,
                                                     Int ldc) {
  return cblas_syrk_asked(family, order, triangle, transpose, of(n), of(k), of(lda), of(ldc));
}

template <Family family>
[[gnu::always_inline]] inline Asked judge_syrk(Integers of, Text triangle, Text transpose, Address n,
                                               Address k, Address, Address, Address lda, Address, void*,
                                               Address ldc, Length, Length) {
  return syrk_asked(family, choice_of_letter(letter_at(triangle), 'U', 'L'),
                    syrk_transpose_of_letter(letter_at(transpose)), of(n), of(k), of(lda), of(ldc));
}

template <Family family, class Alpha, class Beta>
[[gnu::always_inline]] inline Asked judge_cblas_syr2k(Integers of, int order, int triangle, int transpose,
                                                      Int n, Int k, Alpha, Address, Int lda, Address, Int ldb,
                                                      Beta, void*, Int ldc) {
  return cblas_syr2k_asked(family, order, triangle, transpose, of(n), of(k), of(lda), of(ldb), of(ldc));
}

template <Family family>
[[gnu::always_inline]] inline Asked judge_syr2k(Integers of, Text triangle, Text transpose, Address n,
                                                Address k, Address, Address, Address lda, Address,
                                                Address ldb, Address, void*, Address ldc, Length, Length) {
  return syr2k_asked(family, choice_of_letter(letter_at(triangle), 'U', 'L'),
                     syrk_transpose_of_letter(letter_at(transpose)), of(n), of(k), of(lda), of(ldb), of(ldc));
}

}  // namespace
}  // namespace blastune

using namespace blastune;

#define BLASTUNE_SYMM(PREFIX, ROUTINE, SUFFIX, DTYPE, SCALAR)                                          \
  BLASTUNE_STAND_IN(                                                                                   \
      PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, judge_cblas_symm<SCALAR>,                                \
      (int order, int side, int triangle, std::int64_t m, std::int64_t n, SCALAR alpha, const void* a, \
       std::int64_t lda, const void* b, std::int64_t ldb, SCALAR beta, void* c, std::int64_t ldc),     \
      order, side, triangle, m, n, alpha, a, lda, b, ldb, beta, c, ldc)                                \
  BLASTUNE_STAND_IN(                                                                                   \
      PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_symm,                                                   \
      (const char* side, const char* triangle, const void* m, const void* n, const void* alpha,        \
       const void* a, const void* lda, const void* b, const void* ldb, const void* beta, void* c,      \
       const void* ldc, std::uint64_t length_1, std::uint64_t length_2),                               \
      side, triangle, m, n, alpha, a, lda, b, ldb, beta, c, ldc, length_1, length_2)

#define BLASTUNE_SYRK(PREFIX, ROUTINE, SUFFIX, DTYPE, FAMILY, SCALAR)                                      \
  BLASTUNE_STAND_IN(PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, (judge_cblas_syrk<FAMILY, SCALAR>),            \
                    (int order, int triangle, int transpose, std::int64_t n, std::int64_t k, SCALAR alpha, \
                     const void* a, std::int64_t lda, SCALAR beta, void* c, std::int64_t ldc),             \
                    order, triangle, transpose, n, k, alpha, a, lda, beta, c, ldc)                         \
  BLASTUNE_STAND_IN(PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_syrk<FAMILY>,                                 \
                    (const char* triangle, const char* transpose, const void* n, const void* k,            \
                     const void* alpha, const void* a, const void* lda, const void* beta, void* c,         \
                     const void* ldc, std::uint64_t length_1, std::uint64_t length_2),                     \
                    triangle, transpose, n, k, alpha, a, lda, beta, c, ldc, length_1, length_2)

#define BLASTUNE_SYR2K(PREFIX, ROUTINE, SUFFIX, DTYPE, FAMILY, ALPHA, BETA)                                \
  BLASTUNE_STAND_IN(                                                                                       \
      PREFIX##cblas_##ROUTINE##SUFFIX, DTYPE, (judge_cblas_syr2k<FAMILY, ALPHA, BETA>),                    \
      (int order, int triangle, int transpose, std::int64_t n, std::int64_t k, ALPHA alpha, const void* a, \
       std::int64_t lda, const void* b, std::int64_t ldb, BETA beta, void* c, std::int64_t ldc),           \
      order, triangle, transpose, n, k, alpha, a, lda, b, ldb, beta, c, ldc)                               \
  BLASTUNE_STAND_IN(                                                                                       \
      PREFIX##ROUTINE##_##SUFFIX, DTYPE, judge_syr2k<FAMILY>,                                              \
      (const char* triangle, const char* transpose, const void* n, const void* k, const void* alpha,       \
       const void* a, const void* lda, const void* b, const void* ldb, const void* beta, void* c,          \
       const void* ldc, std::uint64_t length_1, std::uint64_t length_2),                                   \
      triangle, transpose, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_1, length_2)

#define BLASTUNE_SYMMETRIC(PREFIX, SUFFIX)                                                           \
  BLASTUNE_SYMM(PREFIX, ssymm, SUFFIX, BLASTUNE_F32, float)                                          \
  BLASTUNE_SYMM(PREFIX, dsymm, SUFFIX, BLASTUNE_F64, double)                                         \
  BLASTUNE_SYMM(PREFIX, csymm, SUFFIX, BLASTUNE_C64, const void*)                                    \
  BLASTUNE_SYMM(PREFIX, zsymm, SUFFIX, BLASTUNE_C128, const void*)                                   \
  BLASTUNE_SYMM(PREFIX, chemm, SUFFIX, BLASTUNE_C64, const void*)                                    \
  BLASTUNE_SYMM(PREFIX, zhemm, SUFFIX, BLASTUNE_C128, const void*)                                   \
  BLASTUNE_SYRK(PREFIX, ssyrk, SUFFIX, BLASTUNE_F32, Family::real, float)                            \
  BLASTUNE_SYRK(PREFIX, dsyrk, SUFFIX, BLASTUNE_F64, Family::real, double)                           \
  BLASTUNE_SYRK(PREFIX, csyrk, SUFFIX, BLASTUNE_C64, Family::symmetric, const void*)                 \
  BLASTUNE_SYRK(PREFIX, zsyrk, SUFFIX, BLASTUNE_C128, Family::symmetric, const void*)                \
  BLASTUNE_SYRK(PREFIX, cherk, SUFFIX, BLASTUNE_C64, Family::hermitian, float)                       \
  BLASTUNE_SYRK(PREFIX, zherk, SUFFIX, BLASTUNE_C128, Family::hermitian, double)                     \
  BLASTUNE_SYR2K(PREFIX, ssyr2k, SUFFIX, BLASTUNE_F32, Family::real, float, float)                   \
  BLASTUNE_SYR2K(PREFIX, dsyr2k, SUFFIX, BLASTUNE_F64, Family::real, double, double)                 \
  BLASTUNE_SYR2K(PREFIX, csyr2k, SUFFIX, BLASTUNE_C64, Family::symmetric, const void*, const void*)  \
  BLASTUNE_SYR2K(PREFIX, zsyr2k, SUFFIX, BLASTUNE_C128, Family::symmetric, const void*, const void*) \
  BLASTUNE_SYR2K(PREFIX, cher2k, SUFFIX, BLASTUNE_C64, Family::hermitian, const void*, float)        \
  BLASTUNE_SYR2K(PREFIX, zher2k, SUFFIX, BLASTUNE_C128, Family::hermitian, const void*, double)

BLASTUNE_ALL_AFFIXES(BLASTUNE_SYMMETRIC)
