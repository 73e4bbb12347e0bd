// SPDX-License-Identifier: BSD-3-Clause
//
// Guards a count that all threads of the process share (CountScope::process and process_exclusive), such that
// no thread ever changes what another one relies on. Any thread may call this. It takes no lock, allocates
// nothing and makes no system call, with one exception: where setting the count frees buffers
// (process_exclusive), a caller waits while another thread sets it, and sleeps in between when that takes
// long.
//
// One word tells how many callers are inside and whether the count is changed. The first one in changes it;
// whoever comes while others are inside runs with what is there; the last one out restores. Changing and
// restoring are marked busy in the word, so that no two threads do it at once and a restore is never lost:
// whoever makes the number fall to zero while the count is changed takes the busy mark in the same step.
//
// The program may set the count at any time. Where the library's variable is known, ours replaces the very
// count that was read, or nothing. Elsewhere a count that is set between our reading and our setting is lost:
// there, programs should set theirs while no thread enters or leaves.
//
// Around fork(): setting a count may take a lock of the library's own, and start its threads again. No thread
// may be in the middle of that when the process is copied, because nobody would ever release the lock in the
// child. freeze() sees to it; thaw() ends it in the parent, forget_other_threads() in the child, where scopes
// of the parent's other threads are never left.
#pragma once

#include <atomic>
#include <cstdint>

#include "client/guard_scope.h"
#include "client/library_count.h"

namespace blastune {

class ProcessCountGuard {
 public:
  explicit ProcessCountGuard(LibraryCount& count) : count_(count) {}
  ProcessCountGuard(const ProcessCountGuard&) = delete;
  ProcessCountGuard& operator=(const ProcessCountGuard&) = delete;

  // What the program or its user set: the count that holds outside of all scopes.
  [[nodiscard]] int user_count() const {
    // Every call passes through here: nobody inside and nothing changed, before and after a plain load.
    if (const int* variable = count_.variable()) {
      const std::uint64_t before = state_.load();
      // Acquire, or the second look at the state could come first.
      const int now = __atomic_load_n(variable, __ATOMIC_ACQUIRE);
      if ((before & marks) == 0 && state_.load() == before && now >= 1 && now <= LibraryCount::largest)
        return now;
    }
    return user_count_among_others();
  }

  // wanted: the count to set, or 0 to leave it and only be counted among those inside.
  [[nodiscard]] GuardScope enter(int wanted);
  void leave(const GuardScope& scope);
  // The count that the call in this scope uses, as it is now.
  [[nodiscard]] int count_in(const GuardScope& scope) const { return scope.counted ? count_.read() : 0; }
  [[nodiscard]] bool is_beside_others(const GuardScope& scope) const { return scope.others != 0; }

  // The library may use more threads than it started with: sets the count to `to` if it is `from` and nobody
  // is inside. The library starts the threads that it lacks, so this may take a while.
  void grow(int from, int to);

  // Between these two nobody changes or restores; callers come and go meanwhile. freeze() gives up after a
  // second, because fork() must not hang for a thread that does.
  void freeze();
  void thaw();
  void forget_other_threads();

 private:
  static constexpr std::uint64_t inside_mask = 0xFFFFFFFFU;
  static constexpr std::uint64_t busy = std::uint64_t{1} << 32U;     // one thread is changing or restoring
  static constexpr std::uint64_t changed = std::uint64_t{1} << 33U;  // it is ours, user_ is to be restored
  static constexpr std::uint64_t marks = busy | changed;
  static constexpr std::uint64_t turn = std::uint64_t{1} << 34U;  // counted up from here when busy begins

  [[nodiscard]] int user_count_among_others() const;
  void change_as_first(int wanted);
  void restore();

  LibraryCount& count_;
  std::atomic<std::uint64_t> state_{0};  // number inside, two marks and a turn
  std::atomic<int> user_{0};             // while changed: what to restore,
  std::atomic<int> ours_{0};             // and what it was changed to
  std::atomic<std::uint8_t> epoch_{0};
  std::atomic<bool> frozen_{false};  // the busy mark is that of a thread that forks
};

}  // namespace blastune
