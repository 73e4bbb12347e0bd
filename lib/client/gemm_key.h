// SPDX-License-Identifier: BSD-3-Clause
//
// A gemm in two words: what the memo hashes and compares, kept in registers from the C ABI to the answer.
#pragma once

#include <cstdint>

#include "model/gemm.h"

namespace blastune {

struct GemmKey {
  std::uint64_t m_n = 0;     // m above, n below; no size needs more than 31 bits (max_dimension)
  std::uint64_t k_kind = 0;  // k above; transpose of B, of A and the dtype below, 8 bits each

  bool operator==(const GemmKey&) const = default;
};

// Precondition: every size is from 1 to max_dimension.
constexpr GemmKey key_of(const Gemm& gemm) {
  return {static_cast<std::uint64_t>(gemm.m) << 32U | static_cast<std::uint64_t>(gemm.n),
          static_cast<std::uint64_t>(gemm.k) << 32U | static_cast<std::uint64_t>(gemm.trans_b) << 16U |
              static_cast<std::uint64_t>(gemm.trans_a) << 8U | static_cast<std::uint64_t>(gemm.dtype)};
}

constexpr Gemm gemm_of(GemmKey key) {
  return {static_cast<DType>(key.k_kind & 0xFFU),
          static_cast<Transpose>(key.k_kind >> 8U & 0xFFU),
          static_cast<Transpose>(key.k_kind >> 16U & 0xFFU),
          static_cast<std::int64_t>(key.m_n >> 32U),
          static_cast<std::int64_t>(key.m_n & 0xFFFF'FFFFU),
          static_cast<std::int64_t>(key.k_kind >> 32U)};
}

}  // namespace blastune
