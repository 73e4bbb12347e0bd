// SPDX-License-Identifier: BSD-3-Clause
//
// The functions that programs call instead of OpenBLAS's: every name a gemm has in the field. Each sets the
// count of the OpenBLAS that its caller means, calls that one's function, and puts the count back.
//
// Integers are declared with 64 bits everywhere: what is passed by value lies in a register or a slot of 64
// bits with all calling conventions of Linux on 64-bit machines, is handed on as it came, and looked at only
// in the width that the library means.
#include <cstdint>

#include "blastune/blastune.h"
#include "preload/call_site.h"
#include "preload/gemm_call.h"

#if !defined(__LP64__)
#error "the calling conventions of 32-bit machines are not known here"
#endif

namespace blastune {
namespace {

// How deep this thread is in functions of ours: one that reaches another one does so within the first one's
// count. Fixed storage, because a call must not have to ask for any.
[[gnu::tls_model("initial-exec")]] thread_local int depth = 0;

class Applied {
 public:
  // Precondition: call.is_sound.
  Applied(const CallSite& site, blastune_dtype dtype, const GemmCall& call)
      : scope_(blastune_enter_gemm_in(site.blas, dtype, call.trans_a, call.trans_b, call.m, call.n, call.k)) {
    ++depth;
  }
  Applied(const Applied&) = delete;
  Applied& operator=(const Applied&) = delete;
  ~Applied() {
    --depth;
    blastune_leave(scope_);
  }

 private:
  blastune_scope scope_;
};

bool passes_through(const CallSite& site) {
  return site.blas == 0 || depth > 0;
}

std::int64_t as_wide_as(const CallSite& site, std::int64_t value) {
  return site.has_wide_integers ? value : static_cast<std::int32_t>(value);
}

std::int64_t read_integer(const CallSite& site, const void* integer) {
  if (integer == nullptr) return 0;
  return site.has_wide_integers ? *static_cast<const std::int64_t*>(integer)
                                : *static_cast<const std::int32_t*>(integer);
}

// Real scalars are passed by value, complex ones by address.
template <class Scalar>
using CblasGemm = void (*)(int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n,
                           std::int64_t k, Scalar alpha, const void* a, std::int64_t lda, const void* b,
                           std::int64_t ldb, Scalar beta, void* c, std::int64_t ldc);

template <blastune_dtype dtype, class Scalar>
void call_cblas(CallSites& sites, const void* caller, int order, int trans_a, int trans_b, std::int64_t m,
                std::int64_t n, std::int64_t k, Scalar alpha, const void* a, std::int64_t lda, const void* b,
                std::int64_t ldb, Scalar beta, void* c, std::int64_t ldc) {
  const CallSite& site = sites.find(caller);
  const auto function = reinterpret_cast<CblasGemm<Scalar>>(site.function);
  if (passes_through(site))
    return function(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  const GemmCall call =
      cblas_call(order, trans_a, trans_b, as_wide_as(site, m), as_wide_as(site, n), as_wide_as(site, k),
                 as_wide_as(site, lda), as_wide_as(site, ldb), as_wide_as(site, ldc));
  if (!call.is_sound) return function(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  const Applied applied(site, dtype, call);
  function(order, trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

// The last two are the lengths of the letters, which Fortran passes and most C programs do not: whatever is
// in their place goes on.
using FortranGemm = void (*)(const char* trans_a, const char* trans_b, const void* m, const void* n,
                             const void* k, const void* alpha, const void* a, const void* lda, const void* b,
                             const void* ldb, const void* beta, void* c, const void* ldc,
                             std::uint64_t length_a, std::uint64_t length_b);

template <blastune_dtype dtype>
void call_fortran(CallSites& sites, const void* caller, const char* trans_a, const char* trans_b,
                  const void* m, const void* n, const void* k, const void* alpha, const void* a,
                  const void* lda, const void* b, const void* ldb, const void* beta, void* c, const void* ldc,
                  std::uint64_t length_a, std::uint64_t length_b) {
  const CallSite& site = sites.find(caller);
  const auto function = reinterpret_cast<FortranGemm>(site.function);
  if (passes_through(site) || trans_a == nullptr || trans_b == nullptr)
    return function(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a, length_b);
  const GemmCall call =
      column_major_call(transpose_of_letter(*trans_a), transpose_of_letter(*trans_b), read_integer(site, m),
                        read_integer(site, n), read_integer(site, k), read_integer(site, lda),
                        read_integer(site, ldb), read_integer(site, ldc));
  if (!call.is_sound)
    return function(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a, length_b);
  const Applied applied(site, dtype, call);
  function(trans_a, trans_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a, length_b);
}

}  // namespace
}  // namespace blastune

// The caller is whoever this returns to, so it is asked for here and not further in.
#define BLASTUNE_CBLAS_GEMM(NAME, DTYPE, SCALAR)                                                           \
  extern "C" BLASTUNE_API void NAME(int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n,   \
                                    std::int64_t k, SCALAR alpha, const void* a, std::int64_t lda,         \
                                    const void* b, std::int64_t ldb, SCALAR beta, void* c,                 \
                                    std::int64_t ldc);                                                     \
  void NAME(int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n, std::int64_t k,           \
            SCALAR alpha, const void* a, std::int64_t lda, const void* b, std::int64_t ldb, SCALAR beta,   \
            void* c, std::int64_t ldc) {                                                                   \
    static constinit blastune::CallSites sites(#NAME);                                                     \
    blastune::call_cblas<DTYPE, SCALAR>(sites, __builtin_return_address(0), order, trans_a, trans_b, m, n, \
                                        k, alpha, a, lda, b, ldb, beta, c, ldc);                           \
  }

#define BLASTUNE_FORTRAN_GEMM(NAME, DTYPE)                                                                  \
  extern "C" BLASTUNE_API void NAME(const char* trans_a, const char* trans_b, const void* m, const void* n, \
                                    const void* k, const void* alpha, const void* a, const void* lda,       \
                                    const void* b, const void* ldb, const void* beta, void* c,              \
                                    const void* ldc, std::uint64_t length_a, std::uint64_t length_b);       \
  void NAME(const char* trans_a, const char* trans_b, const void* m, const void* n, const void* k,          \
            const void* alpha, const void* a, const void* lda, const void* b, const void* ldb,              \
            const void* beta, void* c, const void* ldc, std::uint64_t length_a, std::uint64_t length_b) {   \
    static constinit blastune::CallSites sites(#NAME);                                                      \
    blastune::call_fortran<DTYPE>(sites, __builtin_return_address(0), trans_a, trans_b, m, n, k, alpha, a,  \
                                  lda, b, ldb, beta, c, ldc, length_a, length_b);                           \
  }

// As OpenBLAS's own build puts a prefix and a suffix around the names of all its functions.
#define BLASTUNE_GEMM(PREFIX, LETTER, SUFFIX, DTYPE, SCALAR)               \
  BLASTUNE_CBLAS_GEMM(PREFIX##cblas_##LETTER##gemm##SUFFIX, DTYPE, SCALAR) \
  BLASTUNE_FORTRAN_GEMM(PREFIX##LETTER##gemm_##SUFFIX, DTYPE)

#define BLASTUNE_GEMMS(PREFIX, SUFFIX)                        \
  BLASTUNE_GEMM(PREFIX, s, SUFFIX, BLASTUNE_F32, float)       \
  BLASTUNE_GEMM(PREFIX, d, SUFFIX, BLASTUNE_F64, double)      \
  BLASTUNE_GEMM(PREFIX, c, SUFFIX, BLASTUNE_C64, const void*) \
  BLASTUNE_GEMM(PREFIX, z, SUFFIX, BLASTUNE_C128, const void*)

BLASTUNE_GEMMS(, )
BLASTUNE_GEMMS(, 64_)
BLASTUNE_GEMMS(, _64)
BLASTUNE_GEMMS(scipy_, )
BLASTUNE_GEMMS(scipy_, 64_)
BLASTUNE_GEMMS(scipy_, _64)
