// SPDX-License-Identifier: BSD-3-Clause
//
// C++11 and later over blastune.h, header only. Read that file for what everything means.
//
//   {
//     const blastune::GemmScope scope(blastune::dtype_of<double>(), m, n, k);
//     cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, ...);
//   }  // OpenBLAS's count is what it was
#ifndef BLASTUNE_BLASTUNE_HPP
#define BLASTUNE_BLASTUNE_HPP

#include <blastune/blastune.h>

#include <complex>

namespace blastune {

template <class T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr blastune_dtype value = BLASTUNE_F32;
};
template <>
struct DTypeOf<double> {
  static constexpr blastune_dtype value = BLASTUNE_F64;
};
template <>
struct DTypeOf<std::complex<float>> {
  static constexpr blastune_dtype value = BLASTUNE_C64;
};
template <>
struct DTypeOf<std::complex<double>> {
  static constexpr blastune_dtype value = BLASTUNE_C128;
};

template <class T>
constexpr blastune_dtype dtype_of() noexcept {
  return DTypeOf<T>::value;
}

// For the life of the object OpenBLAS uses the advised count in the thread that made it. To be destroyed by
// the same thread; neither copied nor moved, so that scopes end in the opposite order of their beginnings.
class GemmScope {
 public:
  GemmScope(blastune_dtype dtype, blastune_transpose transpose_a, blastune_transpose transpose_b, int64_t m,
            int64_t n, int64_t k) noexcept
      : scope_(blastune_enter_gemm(dtype, transpose_a, transpose_b, m, n, k)) {}
  GemmScope(blastune_dtype dtype, int64_t m, int64_t n, int64_t k) noexcept
      : GemmScope(dtype, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, m, n, k) {}
  ~GemmScope() { blastune_leave(scope_); }

  GemmScope(const GemmScope&) = delete;
  GemmScope& operator=(const GemmScope&) = delete;

 private:
  blastune_scope scope_;
};

}  // namespace blastune

#endif
