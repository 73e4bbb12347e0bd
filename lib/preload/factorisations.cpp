// SPDX-License-Identifier: BSD-3-Clause
//
// What of LAPACK OpenBLAS does with threads of its own, past the names of BLAS: factorising, solving by the
// factors, and inverting. No gemm's advice holds for it. Where others use the processors it is kept to what
// is left.
#include "preload/standing_in.h"

namespace blastune {
namespace {

[[gnu::always_inline]] inline Asked judge_getrf(Integers of, Address m, Address n, void*, Address lda, void*,
                                                void*) {
  return getrf_asked(of(m), of(n), of(lda));
}

[[gnu::always_inline]] inline Asked judge_getrs(Integers of, Text transpose, Address n, Address columns,
                                                Address, Address lda, Address, void*, Address ldb, void*,
                                                Length) {
  return getrs_asked(transpose_of_letter(letter_at(transpose)), of(n), of(columns), of(lda), of(ldb));
}

[[gnu::always_inline]] inline Asked judge_gesv(Integers of, Address n, Address columns, void*, Address lda,
                                               void*, void*, Address ldb, void*) {
  return gesv_asked(of(n), of(columns), of(lda), of(ldb));
}

// potrf, potri and lauum.
[[gnu::always_inline]] inline Asked judge_definite(Integers of, Text triangle, Address n, void*, Address lda,
                                                   void*, Length) {
  return definite_asked(choice_of_letter(letter_at(triangle), 'U', 'L'), of(n), of(lda));
}

[[gnu::always_inline]] inline Asked judge_trtri(Integers of, Text triangle, Text diagonal, Address n, void*,
                                                Address lda, void*, Length, Length) {
  const bool is_sound = choice_of_letter(letter_at(diagonal), 'N', 'U') >= 0;
  return definite_asked(is_sound ? choice_of_letter(letter_at(triangle), 'U', 'L') : -1, of(n), of(lda));
}

[[gnu::always_inline]] inline Asked judge_trtrs(Integers of, Text triangle, Text transpose, Text diagonal,
                                                Address n, Address columns, Address, Address lda, void*,
                                                Address ldb, void*, Length, Length, Length) {
  return trtrs_asked(letter_at(triangle), transpose_of_letter(letter_at(transpose)), letter_at(diagonal),
                     of(n), of(columns), of(lda), of(ldb));
}

}  // namespace
}  // namespace blastune

using namespace blastune;

#define BLASTUNE_FACTORISATIONS_OF(PREFIX, T, SUFFIX, DTYPE)                                              \
  BLASTUNE_STAND_IN_LAPACK(                                                                               \
      PREFIX##T##getrf_##SUFFIX, DTYPE, judge_getrf,                                                      \
      (const void* m, const void* n, void* a, const void* lda, void* pivots, void* info), m, n, a, lda,   \
      pivots, info)                                                                                       \
  BLASTUNE_STAND_IN_LAPACK(                                                                               \
      PREFIX##T##getrs_##SUFFIX, DTYPE, judge_getrs,                                                      \
      (const char* transpose, const void* n, const void* columns, const void* a, const void* lda,         \
       const void* pivots, void* b, const void* ldb, void* info, std::uint64_t length),                   \
      transpose, n, columns, a, lda, pivots, b, ldb, info, length)                                        \
  BLASTUNE_STAND_IN_LAPACK(PREFIX##T##gesv_##SUFFIX, DTYPE, judge_gesv,                                   \
                           (const void* n, const void* columns, void* a, const void* lda, void* pivots,   \
                            void* b, const void* ldb, void* info),                                        \
                           n, columns, a, lda, pivots, b, ldb, info)                                      \
  BLASTUNE_DEFINITE(PREFIX##T##potrf_##SUFFIX, DTYPE)                                                     \
  BLASTUNE_DEFINITE(PREFIX##T##potri_##SUFFIX, DTYPE)                                                     \
  BLASTUNE_DEFINITE(PREFIX##T##lauum_##SUFFIX, DTYPE)                                                     \
  BLASTUNE_STAND_IN_LAPACK(PREFIX##T##trtri_##SUFFIX, DTYPE, judge_trtri,                                 \
                           (const char* triangle, const char* diagonal, const void* n, void* a,           \
                            const void* lda, void* info, std::uint64_t length_1, std::uint64_t length_2), \
                           triangle, diagonal, n, a, lda, info, length_1, length_2)                       \
  BLASTUNE_STAND_IN_LAPACK(                                                                               \
      PREFIX##T##trtrs_##SUFFIX, DTYPE, judge_trtrs,                                                      \
      (const char* triangle, const char* transpose, const char* diagonal, const void* n,                  \
       const void* columns, const void* a, const void* lda, void* b, const void* ldb, void* info,         \
       std::uint64_t length_1, std::uint64_t length_2, std::uint64_t length_3),                           \
      triangle, transpose, diagonal, n, columns, a, lda, b, ldb, info, length_1, length_2, length_3)

#define BLASTUNE_DEFINITE(NAME, DTYPE)                                                                   \
  BLASTUNE_STAND_IN_LAPACK(                                                                              \
      NAME, DTYPE, judge_definite,                                                                       \
      (const char* triangle, const void* n, void* a, const void* lda, void* info, std::uint64_t length), \
      triangle, n, a, lda, info, length)

#define BLASTUNE_FACTORISATIONS(PREFIX, SUFFIX)               \
  BLASTUNE_FACTORISATIONS_OF(PREFIX, s, SUFFIX, BLASTUNE_F32) \
  BLASTUNE_FACTORISATIONS_OF(PREFIX, d, SUFFIX, BLASTUNE_F64) \
  BLASTUNE_FACTORISATIONS_OF(PREFIX, c, SUFFIX, BLASTUNE_C64) \
  BLASTUNE_FACTORISATIONS_OF(PREFIX, z, SUFFIX, BLASTUNE_C128)

BLASTUNE_ALL_AFFIXES(BLASTUNE_FACTORISATIONS)
