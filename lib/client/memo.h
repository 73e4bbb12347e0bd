// SPDX-License-Identifier: BSD-3-Clause
//
// What one thread asked for lately.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "client/count_trial.h"
#include "client/gemm_key.h"

namespace blastune {

class Memo {
 public:
  // A multiply that a program does only a few times is not worth a trial.
  static constexpr std::uint32_t first_calls = 50;
  // A trial whose gemm its program has left off must not be in the way of all others: where so many requests
  // for another one come without a call of its own, it is.
  static constexpr std::uint32_t calls_between_requests = 5;
  static constexpr int requests_refused = 100;

  struct Entry {
    std::uint64_t word = 0;  // 0: empty; otherwise which advice this is from (see SnapshotWord)
    GemmKey key;
    std::uint16_t limit = 0;
    std::uint16_t threads = 0;  // 0: no opinion
    // With so many cores available, and what to expect then; 0: not asked yet. Only where threads > 1.
    std::uint16_t available = 0;
    std::uint16_t threads_now = 0;
    float expected_seconds = 0;
    bool one_thread_anyway = false;  // see runs_on_one_thread()
    bool corrected = false;          // what to expect is not what the table says
    bool holds_rival = false;        // this program's calls were faster with it
    std::uint16_t rival = 0;         // the other count that trials are about; 0: nobody has looked, or none
    float rival_seconds = 0;         // to expect with it
    std::uint32_t calls_between = first_calls;  // of two trials
    std::uint32_t calls_left = first_calls;     // until somebody looks, or the next trial

    [[nodiscard]] bool answers(std::uint64_t to_word, GemmKey to_key, int to_limit) const {
      // One branch: which of the four differs does not matter.
      return ((word ^ to_word) | (key.m_n ^ to_key.m_n) | (key.k_kind ^ to_key.k_kind) |
              (static_cast<std::uint64_t>(limit) ^ static_cast<std::uint64_t>(to_limit))) == 0;
    }
  };

  // The question's first place, whatever is in it.
  [[nodiscard]] Entry& first(GemmKey key) { return entries_[place(key)]; }
  // And its second: where keep() moves what was in the first, so that two shapes that share a place and take
  // turns do not drive each other out.
  [[nodiscard]] Entry& second(GemmKey key) { return entries_[place(key) ^ 1U]; }

  // Where it is from now on.
  Entry& keep(const Entry& entry) {
    const std::size_t at = place(entry.key);
    if (entries_[at].word == entry.word && entries_[at].key != entry.key) entries_[at ^ 1U] = entries_[at];
    return entries_[at] = entry;
  }

  // What is remembered of it, to be changed; nullptr: nothing any more.
  Entry* find(GemmKey key) {
    for (const std::size_t at : {place(key), place(key) ^ 1U}) {
      if (entries_[at].word != 0 && entries_[at].key == key) return &entries_[at];
    }
    return nullptr;
  }

  // The multiply with several threads that this thread is in the middle of.
  struct Running {
    GemmKey key;
    std::uint64_t began = 0;  // the stopwatch's ticks
    float expected_seconds = 0;
    std::uint16_t threads = 0;
    bool corrected = false;  // as in the entry
    bool is_trial = false;
  };
  Running running;
  int depth = 0;  // scopes that this thread is in
  // One at a time, of whatever gemm.
  CountTrial trial;
  int trial_patience = 0;  // requests that are still refused before it is given up

 private:
  static constexpr unsigned size_bits = 7;

  static std::size_t place(GemmKey key) {
    // Multiplicative hashing: the top bits depend on all below.
    return ((key.m_n + std::rotl(key.k_kind, 17)) * 0x9E3779B97F4A7C15U) >> (64U - size_bits);
  }

  std::array<Entry, std::size_t{1} << size_bits> entries_{};
};

}  // namespace blastune
