// SPDX-License-Identifier: BSD-3-Clause
//
// What one thread asked for lately. Plain data: lives in thread-local storage without constructor or
// destructor, so that it needs no guard, and leaves nothing behind when a thread ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "model/gemm.h"

namespace blastune {

class Memo {
 public:
  struct Entry {
    std::uint64_t word = 0;  // 0: empty; otherwise which advice this is from (see Snapshot)
    std::int64_t m = 0;
    std::int64_t n = 0;
    std::int64_t k = 0;
    std::uint32_t kind = 0;  // dtype and transposes
    std::int32_t limit = 0;
    std::int32_t threads = 0;
  };

  static std::uint32_t kind_of(const Gemm& gemm) {
    return static_cast<std::uint32_t>(gemm.dtype) | static_cast<std::uint32_t>(gemm.trans_a) << 8U |
           static_cast<std::uint32_t>(gemm.trans_b) << 16U;
  }

  // The place of that question, whatever is in it.
  Entry& place(const Gemm& gemm) {
    // Multiplicative hashing, each size with a factor of its own so that the products do not wait for
    // each other; the last one carries what differs in low bits to the top.
    const std::uint64_t sum = static_cast<std::uint64_t>(gemm.m) * 0x9E3779B97F4A7C15U +
                              static_cast<std::uint64_t>(gemm.n) * 0xC2B2AE3D27D4EB4FU +
                              static_cast<std::uint64_t>(gemm.k) * 0x165667B19E3779F9U + kind_of(gemm);
    return entries_[((sum ^ (sum >> 29U)) * 0x9E3779B97F4A7C15U) >> (64U - size_bits)];
  }

  static bool answers(const Entry& entry, std::uint64_t word, const Gemm& gemm, int limit) {
    return entry.word == word && entry.m == gemm.m && entry.n == gemm.n && entry.k == gemm.k &&
           entry.kind == kind_of(gemm) && entry.limit == limit;
  }

 private:
  static constexpr unsigned size_bits = 6;
  std::array<Entry, std::size_t{1} << size_bits> entries_{};
};

}  // namespace blastune
