// SPDX-License-Identifier: BSD-3-Clause
//
// What was done for the calls of a process, counted: one row for all calls that are alike. Pure: no clock, no
// client. Fixed storage, so that counting never allocates; what finds no row any more is counted together.
//
// Any thread, no lock, nobody waits: a row is filled by one thread before others can find it, is never taken
// away, and its numbers are atomics. A thread that loses the race for a row's place leaves one row unused.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "preload/routine_name.h"

namespace blastune {

// What a call was taken for.
enum class CallKind : std::uint8_t {
  no_openblas,  // its function is none of an OpenBLAS's that is known
  refused,      // the library refuses it, or its vectors are too short for threads: handed on
  small,        // a gemm that the library makes on one thread at any rate: handed on
  gemm,
  level3,   // has a gemm's advice
  limited,  // has none, and its limits hold
};

// Calls with the same of these are alike.
struct CallCase {
  RoutineName routine;
  CallKind kind = CallKind::refused;
  std::int8_t trans_a = 0;  // BLASTUNE_NO_TRANS and so on; these and the sizes of a gemm and level3 only
  std::int8_t trans_b = 0;
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::uint64_t stamp = 0;  // as of blastune_advice_stamp(): what the advice rests on, or why there is none

  bool operator==(const CallCase&) const = default;
};

// What the table says of them.
struct CaseFacts {
  int advised = 0;         // threads; 0: no opinion
  int limit = 0;           // the most that they may use
  std::int8_t basis = 0;   // BLASTUNE_BASIS_...
  bool can_be_set = true;  // the count of that build
  double expected_seconds = 0;
  double default_seconds = 0;
};

class CaseRow {
 public:
  // More different counts than this are counted together.
  static constexpr std::size_t most_counts = 8;

  struct Count {
    int threads = 0;
    std::uint64_t calls = 0;
  };

  constexpr CaseRow() = default;

  // threads: the count that held; 0: nothing was set.
  void note(int threads, std::uint64_t nanoseconds);

  // Until then nothing else may be asked of it.
  [[nodiscard]] bool is_used() const { return used_.load(std::memory_order_acquire); }
  [[nodiscard]] const CallCase& of() const { return of_; }
  [[nodiscard]] const CaseFacts& facts() const { return facts_; }
  // From 0 to most_counts: how often which; the advised one first, others as they came.
  [[nodiscard]] Count count(std::size_t index) const;
  [[nodiscard]] std::uint64_t calls_with_more_counts() const { return more_counts_.load(relaxed); }
  [[nodiscard]] std::uint64_t calls_without_count() const { return without_count_.load(relaxed); }
  [[nodiscard]] std::uint64_t nanoseconds() const { return nanoseconds_.load(relaxed); }

 private:
  friend class CallAccount;
  static constexpr std::memory_order relaxed = std::memory_order_relaxed;
  static constexpr unsigned calls_bits = 48;
  static constexpr std::uint64_t calls_mask = (std::uint64_t{1} << calls_bits) - 1;

  void begin(const CallCase& of, const CaseFacts& facts);
  void clear();

  std::atomic<bool> used_{false};
  CallCase of_;
  CaseFacts facts_;
  // A count of threads above, calls below; 0: free.
  std::array<std::atomic<std::uint64_t>, most_counts> counts_{};
  std::atomic<std::uint64_t> more_counts_{0};
  std::atomic<std::uint64_t> without_count_{0};
  std::atomic<std::uint64_t> nanoseconds_{0};
};

class CallAccount {
 public:
  static constexpr std::size_t capacity = 4096;

  constexpr CallAccount() = default;
  CallAccount(const CallAccount&) = delete;
  CallAccount& operator=(const CallAccount&) = delete;

  // nullptr: not seen before, or there was no room for it.
  [[nodiscard]] CaseRow* find(const CallCase& wanted);
  // Its row, which may be another thread's by now; others() when there is no room.
  CaseRow& add(const CallCase& wanted, const CaseFacts& facts);
  // False: whatever is not found is one of the others.
  [[nodiscard]] bool has_room() const { return taken_.load(std::memory_order_relaxed) < capacity; }

  // Rows, those among them that are not used, yet or ever.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] const CaseRow& operator[](std::size_t index) const { return rows_[index]; }
  [[nodiscard]] CaseRow& others() { return others_; }
  [[nodiscard]] const CaseRow& others() const { return others_; }

  // As if it were new. While nobody else uses it: in the child of a fork().
  void clear();

 private:
  static constexpr std::size_t places = 2 * capacity;
  static std::size_t place_of(const CallCase& wanted);

  // One more than the row's index; 0: free. Half of them at least are.
  std::array<std::atomic<std::uint16_t>, places> index_{};
  std::array<CaseRow, capacity> rows_{};
  std::atomic<std::size_t> taken_{0};
  CaseRow others_;
};

}  // namespace blastune
