// SPDX-License-Identifier: BSD-3-Clause
//
// The signatures of the BLAS functions that the worker calls, for both widths of BLAS integers.
#pragma once

#include <cstdint>

namespace blastune {

// The values of CBLAS's enumerations, fixed by its interface.
inline constexpr int cblas_column_major = 102;
inline constexpr int cblas_no_transpose = 111;
inline constexpr int cblas_transpose = 112;
inline constexpr int cblas_conjugate_transpose = 113;

// Real is float or double, Integer is what the build was compiled for.
template <class Real, class Integer>
using RealGemm = void (*)(int order, int trans_a, int trans_b, Integer m, Integer n, Integer k, Real alpha,
                          const Real* a, Integer lda, const Real* b, Integer ldb, Real beta, Real* c,
                          Integer ldc);
template <class Integer>
using ComplexGemm = void (*)(int order, int trans_a, int trans_b, Integer m, Integer n, Integer k,
                             const void* alpha, const void* a, Integer lda, const void* b, Integer ldb,
                             const void* beta, void* c, Integer ldc);

}  // namespace blastune
