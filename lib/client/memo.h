// SPDX-License-Identifier: BSD-3-Clause
//
// What one thread remembers of the gemms it called lately, and of the call that it is in the middle of.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "client/call_record.h"
#include "client/gemm_key.h"

namespace blastune {

class Memo {
 public:
  struct Entry {
    std::uint64_t word = 0;  // which advice this is from (SnapshotWord); 0: the entry is empty
    GemmKey key;
    int limit = 0;  // what the call was allowed when the advice was asked for
    CallRecord record;

    [[nodiscard]] bool answers(std::uint64_t to_word, GemmKey to_key, int to_limit) const {
      // One branch, because it does not matter which of the four differs.
      return ((word ^ to_word) | (key.m_n ^ to_key.m_n) | (key.k_kind ^ to_key.k_kind) |
              static_cast<std::uint64_t>(limit ^ to_limit)) == 0;
    }
  };

  // The first of a gemm's two places, whatever is in it.
  [[nodiscard]] Entry& first(GemmKey key) { return entries_[place(key)]; }
  // The second, into which keep() moves what was in the first, so that two gemms that share a place and take
  // turns do not drive each other out.
  [[nodiscard]] Entry& second(GemmKey key) { return entries_[place(key) ^ 1U]; }

  // Puts it into the first place of its gemm.
  Entry& keep(const Entry& entry) {
    const std::size_t at = place(entry.key);
    if (entries_[at].word == entry.word && entries_[at].key != entry.key) entries_[at ^ 1U] = entries_[at];
    return entries_[at] = entry;
  }

  // What is remembered of it, to be changed; nullptr where it is forgotten.
  Entry* find(GemmKey key) {
    for (const std::size_t at : {place(key), place(key) ^ 1U}) {
      if (entries_[at].word != 0 && entries_[at].key == key) return &entries_[at];
    }
    return nullptr;
  }

  // The call that this thread is in the middle of, if it is timed.
  struct Running {
    GemmKey key;                 // all zero: nothing is learnt from it
    std::uint64_t began = 0;     // the stopwatch's ticks
    std::uint32_t began_at = 0;  // milliseconds
    float expected_seconds = 0;  // infinite: however long it takes, it is not taken for a wait
    std::uint16_t threads = 0;
  };
  Running running;
  int depth = 0;  // scopes that this thread is in

 private:
  static constexpr unsigned size_bits = 7;

  static std::size_t place(GemmKey key) {
    // Multiplicative hashing: the top bits depend on all below.
    return ((key.m_n + std::rotl(key.k_kind, 17)) * 0x9E3779B97F4A7C15U) >> (64U - size_bits);
  }

  std::array<Entry, std::size_t{1} << size_bits> entries_{};
};

}  // namespace blastune
