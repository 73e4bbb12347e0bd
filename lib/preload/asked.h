// SPDX-License-Identifier: BSD-3-Clause
//
// What a call to a BLAS routine asks for, as the library sees it: by column, and only if it is one that the
// library carries out. A call that it refuses goes to the program's own error handler, which may never return
// (R's jumps), so no count may be set around it.
//
// Which routines have a gemm's advice and which do not: docs/adr/0010-other-routines.md.
#pragma once

#include <algorithm>
#include <cstdint>

#include "blastune/blastune.h"

namespace blastune {

struct Asked {
  enum class Scope : std::uint8_t {
    none,   // the library refuses it, or its vectors are too short for threads: it is called and nothing else
    small,  // the library makes such a gemm on one thread, whatever its count
    gemm,   // a gemm
    level3,   // takes about as long as that gemm, and is threaded however small it is
    limited,  // there is no advice for it, and its limits hold
  };
  Scope scope = Scope::none;
  blastune_transpose trans_a = BLASTUNE_NO_TRANS;
  blastune_transpose trans_b = BLASTUNE_NO_TRANS;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
};

// CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_UPLO, CBLAS_DIAG and CBLAS_SIDE of cblas.h.
inline constexpr int cblas_by_row = 101;
inline constexpr int cblas_by_column = 102;

// -1 for what is none. OpenBLAS also knows a conjugate that is not transposed ('R'); it costs what none does.
constexpr blastune_transpose transpose_of_letter(char letter) {
  switch (letter) {
    case 'N':
    case 'n':
    case 'R':
    case 'r':
      return BLASTUNE_NO_TRANS;
    case 'T':
    case 't':
      return BLASTUNE_TRANS;
    case 'C':
    case 'c':
      return BLASTUNE_CONJ_TRANS;
    default:
      return -1;
  }
}

constexpr blastune_transpose transpose_of_cblas(int value) {
  switch (value) {
    case 111:
    case 114:
      return BLASTUNE_NO_TRANS;
    case 112:
      return BLASTUNE_TRANS;
    case 113:
      return BLASTUNE_CONJ_TRANS;
    default:
      return -1;
  }
}

// A choice of two, by its letters or by its two values of cblas.h: 0, 1, or -1 for what is neither.
constexpr int choice_of_letter(char letter, char first, char second) {
  const char upper = letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  return upper == first ? 0 : upper == second ? 1 : -1;
}
constexpr int choice_of_cblas(int value, int first) {
  return value == first ? 0 : value == first + 1 ? 1 : -1;
}

// The library makes a gemm on one thread up to this many multiplications (runs_on_one_thread() says where the
// number comes from). Looked at before anything else, because small gemms are many.
constexpr bool is_small_gemm(blastune_dtype dtype, std::int64_t m, std::int64_t n, std::int64_t k) {
  const double most = dtype == BLASTUNE_C64 || dtype == BLASTUNE_C128 ? 4 * 8192.0 : 4 * 65536.0;
  return static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) <= most;
}

constexpr Asked gemm_asked(blastune_transpose trans_a, blastune_transpose trans_b, std::int64_t m,
                           std::int64_t n, std::int64_t k, std::int64_t lda, std::int64_t ldb,
                           std::int64_t ldc) {
  if (trans_a < 0 || trans_b < 0 || m < 1 || n < 1 || k < 1) return {};
  const std::int64_t rows_of_a = trans_a == BLASTUNE_NO_TRANS ? m : k;
  const std::int64_t rows_of_b = trans_b == BLASTUNE_NO_TRANS ? k : n;
  if (lda < rows_of_a || ldb < rows_of_b || ldc < m) return {};
  return {Asked::Scope::gemm, trans_a, trans_b, m, n, k};
}

// By row, the library multiplies the transposed operands in the other order.
constexpr Asked cblas_gemm_asked(int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n,
                                 std::int64_t k, std::int64_t lda, std::int64_t ldb, std::int64_t ldc) {
  const blastune_transpose a = transpose_of_cblas(trans_a);
  const blastune_transpose b = transpose_of_cblas(trans_b);
  if (order == cblas_by_column) return gemm_asked(a, b, m, n, k, lda, ldb, ldc);
  if (order == cblas_by_row) return gemm_asked(b, a, n, m, k, ldb, lda, ldc);
  return {};
}

// symm and hemm: a gemm with a square operand on the left (side 0) or on the right (1).
constexpr Asked symm_asked(int side, int triangle, std::int64_t m, std::int64_t n, std::int64_t lda,
                           std::int64_t ldb, std::int64_t ldc) {
  if (side < 0 || triangle < 0 || m < 1 || n < 1) return {};
  const std::int64_t k = side == 0 ? m : n;
  if (lda < k || ldb < m || ldc < m) return {};
  return {Asked::Scope::level3, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, m, n, k};
}

constexpr Asked cblas_symm_asked(int order, int side, int triangle, std::int64_t m, std::int64_t n,
                                 std::int64_t lda, std::int64_t ldb, std::int64_t ldc) {
  const int where = choice_of_cblas(side, 141);
  const int which = choice_of_cblas(triangle, 121);
  if (order == cblas_by_column) return symm_asked(where, which, m, n, lda, ldb, ldc);
  if (order == cblas_by_row) return symm_asked(where < 0 ? -1 : 1 - where, which, n, m, lda, ldb, ldc);
  return {};
}

// Which transposes a routine of this family takes: real ones any; symmetric complex ones no conjugate,
// Hermitian ones nothing but.
enum class Family : std::uint8_t { real, symmetric, hermitian };

constexpr bool takes(Family family, blastune_transpose transpose) {
  if (transpose == BLASTUNE_NO_TRANS) return true;
  if (family == Family::symmetric) return transpose == BLASTUNE_TRANS;
  if (family == Family::hermitian) return transpose == BLASTUNE_CONJ_TRANS;
  return transpose >= 0;
}

// Of a conjugate that is not transposed none of these knows the letter, and only real ones the value.
constexpr blastune_transpose syrk_transpose_of_letter(char letter) {
  return choice_of_letter(letter, 'R', 'R') == 0 ? -1 : transpose_of_letter(letter);
}
constexpr blastune_transpose syrk_transpose_of_cblas(Family family, int value) {
  return value == 114 && family != Family::real ? -1 : transpose_of_cblas(value);
}

// syrk and herk: half of the gemm n x n x k, the other half follows by symmetry.
constexpr Asked syrk_asked(Family family, int triangle, blastune_transpose transpose, std::int64_t n,
                           std::int64_t k, std::int64_t lda, std::int64_t ldc) {
  if (triangle < 0 || !takes(family, transpose) || n < 1 || k < 1) return {};
  const bool is_none = transpose == BLASTUNE_NO_TRANS;
  if (lda < (is_none ? n : k) || ldc < n) return {};
  const blastune_transpose other = family == Family::hermitian ? BLASTUNE_CONJ_TRANS : BLASTUNE_TRANS;
  return {Asked::Scope::level3,
          is_none ? BLASTUNE_NO_TRANS : other,
          is_none ? other : BLASTUNE_NO_TRANS,
          n,
          (n + 1) / 2,
          k};
}

// syr2k and her2k: twice that.
constexpr Asked syr2k_asked(Family family, int triangle, blastune_transpose transpose, std::int64_t n,
                            std::int64_t k, std::int64_t lda, std::int64_t ldb, std::int64_t ldc) {
  Asked asked = syrk_asked(family, triangle, transpose, n, k, std::min(lda, ldb), ldc);
  asked.n = n;
  return asked;
}

// By row, the library takes the other triangle and the other transpose.
constexpr blastune_transpose flipped(Family family, blastune_transpose transpose) {
  if (transpose != BLASTUNE_NO_TRANS) return takes(family, transpose) ? BLASTUNE_NO_TRANS : -1;
  return family == Family::hermitian ? BLASTUNE_CONJ_TRANS : BLASTUNE_TRANS;
}
constexpr blastune_transpose by_column(int order, Family family, int transpose) {
  const blastune_transpose known = syrk_transpose_of_cblas(family, transpose);
  if (order == cblas_by_column) return known;
  return order == cblas_by_row ? flipped(family, known) : -1;
}

constexpr Asked cblas_syrk_asked(Family family, int order, int triangle, int transpose, std::int64_t n,
                                 std::int64_t k, std::int64_t lda, std::int64_t ldc) {
  return syrk_asked(family, choice_of_cblas(triangle, 121), by_column(order, family, transpose), n, k, lda,
                    ldc);
}
constexpr Asked cblas_syr2k_asked(Family family, int order, int triangle, int transpose, std::int64_t n,
                                  std::int64_t k, std::int64_t lda, std::int64_t ldb, std::int64_t ldc) {
  return syr2k_asked(family, choice_of_cblas(triangle, 121), by_column(order, family, transpose), n, k, lda,
                     ldb, ldc);
}

// By a multiplication each nanosecond, or by eight bytes from memory or back to it: slow machines are faster.
// Complex numbers take four multiplications, and products with a vector read or also write each once.
constexpr double slow_seconds(blastune_dtype dtype, const Asked& asked) {
  const double numbers = dtype == BLASTUNE_C64 || dtype == BLASTUNE_C128 ? 4 : 1;
  const double passes = asked.k == 1 ? 2 : 1;
  return 1e-9 * numbers * passes * static_cast<double>(asked.m) * static_cast<double>(asked.n) *
         static_cast<double>(asked.k);
}

// m x n x k: multiplications.
constexpr Asked limited_if(bool is_sound, std::int64_t m, std::int64_t n, std::int64_t k) {
  if (!is_sound) return {};
  return {.scope = Asked::Scope::limited, .m = m, .n = n, .k = k};
}

// trmm and trsm: A is square, m x m on the left (side 0) or n x n on the right, and B m x n.
constexpr Asked triangular_asked(int side, int triangle, blastune_transpose transpose, int diagonal,
                                 std::int64_t m, std::int64_t n, std::int64_t lda, std::int64_t ldb) {
  return limited_if(side >= 0 && triangle >= 0 && transpose >= 0 && diagonal >= 0 && m >= 1 && n >= 1 &&
                        lda >= (side == 0 ? m : n) && ldb >= m,
                    m, n, side == 0 ? m : n);
}
constexpr Asked cblas_triangular_asked(int order, int side, int triangle, int transpose, int diagonal,
                                       std::int64_t m, std::int64_t n, std::int64_t lda, std::int64_t ldb) {
  const int where = choice_of_cblas(side, 141);
  const int which = choice_of_cblas(triangle, 121);
  const int unit = choice_of_cblas(diagonal, 131);
  const blastune_transpose known = transpose_of_cblas(transpose);
  if (order == cblas_by_column) return triangular_asked(where, which, known, unit, m, n, lda, ldb);
  if (order == cblas_by_row)
    return triangular_asked(where < 0 ? -1 : 1 - where, which, known, unit, n, m, lda, ldb);
  return {};
}

// LAPACK of its own: a third of the multiplications of a gemm, or less, and none that is empty.
constexpr Asked getrf_asked(std::int64_t m, std::int64_t n, std::int64_t lda) {
  return limited_if(m >= 1 && n >= 1 && lda >= m, m, n, (std::min(m, n) + 1) / 2);
}
constexpr Asked getrs_asked(blastune_transpose transpose, std::int64_t n, std::int64_t columns,
                            std::int64_t lda, std::int64_t ldb) {
  return limited_if(transpose >= 0 && n >= 1 && columns >= 1 && lda >= n && ldb >= n, n, columns, n);
}
constexpr Asked gesv_asked(std::int64_t n, std::int64_t columns, std::int64_t lda, std::int64_t ldb) {
  return limited_if(n >= 1 && columns >= 1 && lda >= n && ldb >= n, n, n, (n + 2) / 3 + columns);
}
// potrf, potri, lauum and trtri.
constexpr Asked definite_asked(int triangle, std::int64_t n, std::int64_t lda) {
  return limited_if(triangle >= 0 && n >= 1 && lda >= n, n, n, (n + 2) / 3);
}

// It takes the letters of triangle and diagonal in capitals only (0.3.21).
constexpr Asked trtrs_asked(char triangle, blastune_transpose transpose, char diagonal, std::int64_t n,
                            std::int64_t columns, std::int64_t lda, std::int64_t ldb) {
  const int which = triangle == 'U' ? 0 : triangle == 'L' ? 1 : -1;
  const int kind = diagonal == 'N' ? 0 : diagonal == 'U' ? 1 : -1;
  return triangular_asked(0, which, transpose, kind, n, columns, lda, ldb);
}

// Below it OpenBLAS uses no threads for a product with a vector: 9216 for real gemv, 8192 for ger, 4096 for
// complex numbers (0.3.21).
inline constexpr std::int64_t least_elements = 4096;
constexpr bool is_worth_it(std::int64_t m, std::int64_t n) {
  // In floating point, because a product of two sizes may be larger than any integer.
  return m >= 1 && n >= 1 &&
         static_cast<double>(m) * static_cast<double>(n) >= static_cast<double>(least_elements);
}

constexpr Asked gemv_asked(blastune_transpose transpose, std::int64_t m, std::int64_t n, std::int64_t lda,
                           std::int64_t step_x, std::int64_t step_y) {
  return limited_if(transpose >= 0 && is_worth_it(m, n) && lda >= m && step_x != 0 && step_y != 0, m, n, 1);
}
constexpr Asked cblas_gemv_asked(int order, int transpose, std::int64_t m, std::int64_t n, std::int64_t lda,
                                 std::int64_t step_x, std::int64_t step_y) {
  const blastune_transpose known = transpose_of_cblas(transpose);
  if (order == cblas_by_column) return gemv_asked(known, m, n, lda, step_x, step_y);
  if (order == cblas_by_row) return gemv_asked(known, n, m, lda, step_x, step_y);
  return {};
}

// Products of a vector with a symmetric or a triangular matrix, and the symmetric updates: n x n, of which
// one half is read.
// OpenBLAS 0.3.21 divides symv and trmv among its threads however small they are.
inline constexpr std::int64_t least_square = 4;
constexpr Asked square_asked(int triangle, std::int64_t n, std::int64_t lda, std::int64_t step_x,
                             std::int64_t step_y) {
  return limited_if(triangle >= 0 && n >= least_square && lda >= n && step_x != 0 && step_y != 0, n, n, 1);
}
constexpr Asked cblas_square_asked(int order, int triangle, std::int64_t n, std::int64_t lda,
                                   std::int64_t step_x, std::int64_t step_y) {
  if (order != cblas_by_column && order != cblas_by_row) return {};
  return square_asked(choice_of_cblas(triangle, 121), n, lda, step_x, step_y);
}

// Vectors alone, which OpenBLAS divides among threads above 10 000 elements (0.3.21). It refuses none.
constexpr Asked vector_asked(std::int64_t n, std::int64_t step_x, std::int64_t step_y) {
  return limited_if(n >= 2 * least_elements && step_x != 0 && step_y != 0, n, 1, 1);
}

constexpr Asked ger_asked(std::int64_t m, std::int64_t n, std::int64_t step_x, std::int64_t step_y,
                          std::int64_t lda) {
  return limited_if(is_worth_it(m, n) && lda >= m && step_x != 0 && step_y != 0, m, n, 1);
}
constexpr Asked cblas_ger_asked(int order, std::int64_t m, std::int64_t n, std::int64_t step_x,
                                std::int64_t step_y, std::int64_t lda) {
  if (order == cblas_by_column) return ger_asked(m, n, step_x, step_y, lda);
  if (order == cblas_by_row) return ger_asked(n, m, step_x, step_y, lda);
  return {};
}

}  // namespace blastune
