// SPDX-License-Identifier: BSD-3-Clause
//
// Sets the count of one OpenBLAS around a multiply and puts it back, such that no thread ever changes what
// another one relies on. Any thread; no lock, no allocation, no system call. A guard lives as long as the
// process.
//
// Count of the process (CountScope::process, process_exclusive). One word tells how many threads are inside
// and whether the count is changed. The first one in changes it; whoever comes while others are inside runs
// with what is there; the last one out restores. Changing and restoring are marked busy in the word, so that
// no two threads do it at once and a restore is never lost: whoever makes the number fall to zero while the
// count is changed takes the busy mark in the same step. How many were inside together lately is remembered,
// so that the first one takes its part only.
//
// The program may set the count at any time. Where the library's variable is known, ours replaces the very
// count that was read, or nothing. Elsewhere one that is set between our reading and setting is lost: there,
// programs set theirs while no thread enters or leaves.
//
// Count of each thread (CountScope::thread). A thread changes and restores its own. But such a library
// adapts one common set of buffers to the count of whoever multiplies, and frees the rest while others
// may use them. Threads that overlap therefore agree: the first sets the count of all, others take the
// same or one thread, which the library runs without touching the buffers: one, where the same would be more
// than there are processors for.
//
// Around fork(): setting a count may take a lock of the library's own, and start its threads again. No thread
// may be in the middle of that when the process is copied, because its lock would never be released in the
// child. freeze() sees to it; thaw() ends it in the parent, forget_other_threads() in the child, where
// scopes of the parent's other threads are never left.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "client/count_functions.h"

namespace blastune {

// What leave() needs to know; fits into a blastune_scope.
struct GuardScope {
  bool inside = false;         // counted among those inside
  std::uint16_t others = 0;    // inside when it was entered; of threads' own counts, with several threads
  std::uint8_t epoch = 0;      // changes with fork()
  std::uint16_t previous = 0;  // CountScope::thread: the thread's own count, and what it was changed to
  std::uint16_t changed_to = 0;
};

class CountGuard {
 public:
  // A count above this is not one that a program means; a scope has 16 bits for it.
  static constexpr int largest_count = 0xFFFF;

  explicit CountGuard(const CountFunctions& functions) : functions_(functions) {}
  CountGuard(const CountGuard&) = delete;
  CountGuard& operator=(const CountGuard&) = delete;

  // The count that the program or its user set: what holds outside of all scopes; at least 1.
  [[nodiscard]] int user_count() const {
    // Nobody inside and nothing changed, before and after a plain load: what every lookup passes through.
    if (functions_.count != nullptr) {
      const std::uint64_t before = state_.load();
      // Acquire, or the look back could come first.
      const int now = __atomic_load_n(functions_.count, __ATOMIC_ACQUIRE);
      if ((before & marks) == 0 && state_.load() == before && now >= 1 && now <= largest_count) return now;
    }
    return user_count_among_others();
  }
  // So many threads were just seen inside together.
  void note_together(int threads);
  // What one of those that were inside together lately should be content with, of so many: its part.
  [[nodiscard]] int share_of(int most) const {
    const int together = together_.load(std::memory_order_relaxed) / one_thread;
    return together <= 1 ? most : std::max(1, most / together);
  }
  // True when enter() can ever change anything.
  [[nodiscard]] bool applies() const;

  // wanted: advice, or 0 for a multiply without opinion, which must still be counted in. most: threads of all
  // that are inside together, where each has its own count.
  [[nodiscard]] GuardScope enter(int wanted, int most = largest_count);
  void leave(const GuardScope& scope);
  // Whether others were inside when it was entered, or are now: of threads' own counts, one that runs on one
  // thread does not look.
  [[nodiscard]] bool is_beside_others(const GuardScope& scope) const {
    const bool looked = functions_.scope != CountScope::thread || scope.inside;
    return scope.others != 0 || (!looked && (state_.load(std::memory_order_relaxed) & inside_mask) != 0);
  }
  // What the multiply in that scope of this thread uses, as it is now; 0: enter() did nothing.
  [[nodiscard]] int count_in(const GuardScope& scope) const;

  // Only between these nobody changes or restores; threads come and go meanwhile. Gives up after a while,
  // because fork() must not hang for a thread that does.
  void freeze();
  void thaw();
  void forget_other_threads();

 private:
  // Of state_ for a count of the process.
  static constexpr std::uint64_t inside_mask = 0xFFFFFFFFU;
  static constexpr std::uint64_t busy = std::uint64_t{1} << 32U;     // one thread is changing or restoring
  static constexpr std::uint64_t changed = std::uint64_t{1} << 33U;  // it is ours, user_ is to be restored
  static constexpr std::uint64_t marks = busy | changed;
  static constexpr std::uint64_t turn = std::uint64_t{1} << 34U;  // counted up from here when busy begins
  // In together_, so many stand for a thread.
  static constexpr int one_thread = 16;

  [[nodiscard]] int user_count_among_others() const;
  static int valid(int count);
  [[nodiscard]] int read_count() const;
  // False when the count is not `from` any more.
  bool change(int from, int to);
  // Once: whether the library follows the count that was just set.
  void check(int count, int user);
  GuardScope enter_process(int wanted);
  void leave_process(const GuardScope& scope);
  void restore();
  GuardScope enter_thread(int wanted, int most);
  void leave_thread(const GuardScope& scope);

  CountFunctions functions_;
  // CountScope::process*: number inside, two marks and a turn. CountScope::thread: number inside, their
  // count.
  std::atomic<std::uint64_t> state_{0};
  std::atomic<int> user_{0};  // while changed: what to restore,
  std::atomic<int> ours_{0};  // and what it was changed to
  std::atomic<std::uint8_t> epoch_{0};
  std::atomic<int> together_{one_thread + one_thread / 2};  // a moving mean, half a thread above it
  std::atomic<bool> ignored_{false};                        // the count was seen not to follow
  std::atomic<bool> checked_{false};
  std::atomic<bool> frozen_{false};  // the busy mark is that of a thread that forks
};

}  // namespace blastune
