// SPDX-License-Identifier: BSD-3-Clause
//
// gemm, and gemm3m, which makes the same product of complex matrices with fewer multiplications.
#include "preload/standing_in.h"

namespace blastune {

constinit thread_local bool is_inside_call [[gnu::tls_model("initial-exec")]] = false;

namespace {

// Real scalars are passed by value, complex ones by address.
template <blastune_dtype dtype, class Scalar>
[[gnu::always_inline]] inline Asked judge_cblas(Integers of, int order, int trans_a, int trans_b, Int m,
                                                Int n, Int k, Scalar, Address, Int lda, Address, Int ldb,
                                                Scalar, void*, Int ldc) {
  if (is_small_gemm(dtype, of(m), of(n), of(k))) return {.scope = Asked::Scope::small};
  return cblas_gemm_asked(order, trans_a, trans_b, of(m), of(n), of(k), of(lda), of(ldb), of(ldc));
}

// The last two are the lengths of the letters, which Fortran passes and most C programs do not: whatever is
// in their place goes on.
template <blastune_dtype dtype>
[[gnu::always_inline]] inline Asked judge_fortran(Integers of, Text trans_a, Text trans_b, Address m,
                                                  Address n, Address k, Address, Address, Address lda,
                                                  Address, Address ldb, Address, void*, Address ldc,
                                                  std::uint64_t, std::uint64_t) {
  if (is_small_gemm(dtype, of(m), of(n), of(k))) return {.scope = Asked::Scope::small};
  return gemm_asked(transpose_of_letter(letter_at(trans_a)), transpose_of_letter(letter_at(trans_b)), of(m),
                    of(n), of(k), of(lda), of(ldb), of(ldc));
}

}  // namespace
}  // namespace blastune

using blastune::judge_cblas;
using blastune::judge_fortran;

#define BLASTUNE_CBLAS_GEMM(NAME, DTYPE, SCALAR)                                                          \
  BLASTUNE_STAND_IN(NAME, DTYPE, (judge_cblas<DTYPE, SCALAR>),                                            \
                    (int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n, std::int64_t k, \
                     SCALAR alpha, const void* a, std::int64_t lda, const void* b, std::int64_t ldb,      \
                     SCALAR beta, void* c, std::int64_t ldc),                                             \
                    order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)

#define BLASTUNE_FORTRAN_GEMM(NAME, DTYPE)                                                                  \
  BLASTUNE_STAND_IN(                                                                                        \
      NAME, DTYPE, judge_fortran<DTYPE>,                                                                    \
      (const char* trans_a, const char* trans_b, const void* m, const void* n, const void* k,               \
       const void* alpha, const void* a, const void* lda, const void* b, const void* ldb, const void* beta, \
       void* c, const void* ldc, std::uint64_t length_a, std::uint64_t length_b),                           \
      trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a, length_b)

#define BLASTUNE_GEMM(PREFIX, LETTER, NAME, SUFFIX, DTYPE, SCALAR)         \
  BLASTUNE_CBLAS_GEMM(PREFIX##cblas_##LETTER##NAME##SUFFIX, DTYPE, SCALAR) \
  BLASTUNE_FORTRAN_GEMM(PREFIX##LETTER##NAME##_##SUFFIX, DTYPE)

#define BLASTUNE_GEMMS(PREFIX, SUFFIX)                                \
  BLASTUNE_GEMM(PREFIX, s, gemm, SUFFIX, BLASTUNE_F32, float)         \
  BLASTUNE_GEMM(PREFIX, d, gemm, SUFFIX, BLASTUNE_F64, double)        \
  BLASTUNE_GEMM(PREFIX, c, gemm, SUFFIX, BLASTUNE_C64, const void*)   \
  BLASTUNE_GEMM(PREFIX, z, gemm, SUFFIX, BLASTUNE_C128, const void*)  \
  BLASTUNE_GEMM(PREFIX, c, gemm3m, SUFFIX, BLASTUNE_C64, const void*) \
  BLASTUNE_GEMM(PREFIX, z, gemm3m, SUFFIX, BLASTUNE_C128, const void*)

BLASTUNE_ALL_AFFIXES(BLASTUNE_GEMMS)
