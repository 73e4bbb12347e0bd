// SPDX-License-Identifier: BSD-3-Clause
//
// What a call to a gemm asks for, as the library sees it: by column, and only if it is one that the library
// carries out. A call that it refuses goes to the program's own error handler, which may never return (R's
// jumps), so no count may be set around it.
#pragma once

#include <cstdint>

#include "blastune/blastune.h"

namespace blastune {

struct GemmCall {
  bool is_sound = false;
  blastune_transpose trans_a = BLASTUNE_NO_TRANS;
  blastune_transpose trans_b = BLASTUNE_NO_TRANS;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
};

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

// CBLAS_TRANSPOSE of cblas.h.
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

constexpr GemmCall column_major_call(blastune_transpose trans_a, blastune_transpose trans_b, std::int64_t m,
                                     std::int64_t n, std::int64_t k, std::int64_t lda, std::int64_t ldb,
                                     std::int64_t ldc) {
  GemmCall call{false, trans_a, trans_b, m, n, k};
  if (trans_a < 0 || trans_b < 0 || m < 1 || n < 1 || k < 1) return call;
  const std::int64_t rows_of_a = trans_a == BLASTUNE_NO_TRANS ? m : k;
  const std::int64_t rows_of_b = trans_b == BLASTUNE_NO_TRANS ? k : n;
  call.is_sound = lda >= rows_of_a && ldb >= rows_of_b && ldc >= m;
  return call;
}

// order: CBLAS_ORDER. By row, the library multiplies the transposed operands in the other order.
constexpr GemmCall cblas_call(int order, int trans_a, int trans_b, std::int64_t m, std::int64_t n,
                              std::int64_t k, std::int64_t lda, std::int64_t ldb, std::int64_t ldc) {
  const blastune_transpose a = transpose_of_cblas(trans_a);
  const blastune_transpose b = transpose_of_cblas(trans_b);
  if (order == 102) return column_major_call(a, b, m, n, k, lda, ldb, ldc);
  if (order == 101) return column_major_call(b, a, n, m, k, ldb, lda, ldc);
  return {};
}

}  // namespace blastune
