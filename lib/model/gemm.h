// SPDX-License-Identifier: BSD-3-Clause
//
// One multiply as the library sees it, and the one key inside blastune: column-major
//   C (m x n) = op(A) (m x k) * op(B) (k x n).
// Row-major calls and the layouts of a layer are mapped to it here and in layer.h, nowhere else.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace blastune {

enum class DType : std::uint8_t { f32, f64, c64, c128 };
enum class Transpose : std::uint8_t { none, transposed, conjugated };

struct Gemm {
  DType dtype = DType::f64;
  Transpose trans_a = Transpose::none;
  Transpose trans_b = Transpose::none;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;

  auto operator<=>(const Gemm&) const = default;
};

// The largest m, n or k blastune speaks of. 2^31-1 is what a 32-bit integer BLAS can be asked for; with
// it no product of two sizes overflows 64 bits.
inline constexpr std::int64_t max_dimension = 2'147'483'647;

// Sizes from 1 to max_dimension; anything else is a usage error that names the size.
Result<void> check_dimensions(const Gemm& gemm);

// m * n * k as a double (exact integers overflow for sizes that check_dimensions allows).
[[nodiscard]] double volume(const Gemm& gemm);
// Floating-point operations: 2mnk for real, 8mnk for complex types.
[[nodiscard]] double flops(const Gemm& gemm);
// Bytes of the three operands, without padding.
[[nodiscard]] double operand_bytes(const Gemm& gemm);
[[nodiscard]] std::size_t element_size(DType dtype);
[[nodiscard]] bool is_complex(DType dtype);

// "f32", "f64", "c64", "c128".
[[nodiscard]] std::string_view name(DType dtype);
[[nodiscard]] std::optional<DType> dtype_from_name(std::string_view text);
// "NN", "NT", "TN", "CT", ...: A's letter, then B's.
[[nodiscard]] std::string transpose_letters(const Gemm& gemm);
// Sets both transposes from two letters out of N, T, C.
Result<void> set_transposes(Gemm& gemm, std::string_view letters);

// The same multiply with one name: for real types a conjugated operand is a transposed one.
[[nodiscard]] Gemm canonical(const Gemm& gemm);

// The column-major gemm of a row-major call with the same arguments: operands and sizes change places.
[[nodiscard]] Gemm from_row_major(const Gemm& row_major);

// "f64 NN 100x500x784" (m x n x k).
[[nodiscard]] std::string describe(const Gemm& gemm);

}  // namespace blastune
