// SPDX-License-Identifier: BSD-3-Clause
#include "model/gemm.h"

#include <utility>

namespace blastune {
namespace {

Result<void> check_dimension(std::string_view label, std::int64_t size) {
  if (size >= 1 && size <= max_dimension) return {};
  return Error{
      ErrorKind::usage,
      std::string(label) + " is " + std::to_string(size) + ", outside 1 to " + std::to_string(max_dimension),
      "give the sizes of the multiply C (m x n) = A (m x k) B (k x n)"};
}

char letter(Transpose transpose) {
  switch (transpose) {
    case Transpose::none:
      return 'N';
    case Transpose::transposed:
      return 'T';
    case Transpose::conjugated:
      return 'C';
  }
  return '?';
}

std::optional<Transpose> transpose_from_letter(char text) {
  switch (text) {
    case 'N':
    case 'n':
      return Transpose::none;
    case 'T':
    case 't':
      return Transpose::transposed;
    case 'C':
    case 'c':
      return Transpose::conjugated;
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<void> check_dimensions(const Gemm& gemm) {
  if (auto m = check_dimension("m", gemm.m); !m) return m;
  if (auto n = check_dimension("n", gemm.n); !n) return n;
  return check_dimension("k", gemm.k);
}

double volume(const Gemm& gemm) {
  return static_cast<double>(gemm.m) * static_cast<double>(gemm.n) * static_cast<double>(gemm.k);
}

double flops(const Gemm& gemm) {
  return (is_complex(gemm.dtype) ? 8.0 : 2.0) * volume(gemm);
}

double operand_bytes(const Gemm& gemm) {
  const auto m = static_cast<double>(gemm.m);
  const auto n = static_cast<double>(gemm.n);
  const auto k = static_cast<double>(gemm.k);
  return (m * k + k * n + m * n) * static_cast<double>(element_size(gemm.dtype));
}

std::size_t element_size(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return 4;
    case DType::f64:
    case DType::c64:
      return 8;
    case DType::c128:
      return 16;
  }
  return 0;
}

bool is_complex(DType dtype) {
  return dtype == DType::c64 || dtype == DType::c128;
}

std::string_view name(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return "f32";
    case DType::f64:
      return "f64";
    case DType::c64:
      return "c64";
    case DType::c128:
      return "c128";
  }
  return "?";
}

std::optional<DType> dtype_from_name(std::string_view text) {
  for (const auto dtype : {DType::f32, DType::f64, DType::c64, DType::c128}) {
    if (text == name(dtype)) return dtype;
  }
  return std::nullopt;
}

std::string transpose_letters(const Gemm& gemm) {
  return {letter(gemm.trans_a), letter(gemm.trans_b)};
}

Result<void> set_transposes(Gemm& gemm, std::string_view letters) {
  if (letters.size() == 2) {
    const auto a = transpose_from_letter(letters[0]);
    const auto b = transpose_from_letter(letters[1]);
    if (a && b) {
      gemm.trans_a = *a;
      gemm.trans_b = *b;
      return {};
    }
  }
  return Error{ErrorKind::usage, "'" + std::string(letters.substr(0, 16)) + "' is not a pair of transposes",
               "use one letter for A and one for B out of N, T, C: NN, NT, TN, TT"};
}

Gemm canonical(const Gemm& gemm) {
  Gemm same = gemm;
  if (is_complex(gemm.dtype)) return same;
  if (same.trans_a == Transpose::conjugated) same.trans_a = Transpose::transposed;
  if (same.trans_b == Transpose::conjugated) same.trans_b = Transpose::transposed;
  return same;
}

Gemm from_row_major(const Gemm& row_major) {
  Gemm gemm = row_major;
  std::swap(gemm.m, gemm.n);
  std::swap(gemm.trans_a, gemm.trans_b);
  return gemm;
}

std::string describe(const Gemm& gemm) {
  return std::string(name(gemm.dtype)) + ' ' + transpose_letters(gemm) + ' ' + std::to_string(gemm.m) + 'x' +
         std::to_string(gemm.n) + 'x' + std::to_string(gemm.k);
}

}  // namespace blastune
