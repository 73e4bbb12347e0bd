// SPDX-License-Identifier: BSD-3-Clause
//
// Guards a count that each thread has for itself (CountScope::thread: an OpenMP runtime keeps it). A thread
// changes and restores its own, so nobody waits for anybody. Any thread may call this; it takes no lock,
// allocates nothing and makes no system call.
//
// But such a library adapts one common set of buffers to the count of whoever calls, and frees the rest
// while others may use them. Callers that overlap therefore agree: the first sets the count of all, others
// take the same or one thread, which the library runs without touching the buffers: one where the same would
// be more than there are processors for.
//
// fork() needs no freezing here, because a thread's own count is set without a lock.
#pragma once

#include <atomic>
#include <cstdint>

#include "client/guard_scope.h"
#include "client/library_count.h"

namespace blastune {

class ThreadCountGuard {
 public:
  explicit ThreadCountGuard(LibraryCount& count) : count_(count) {}
  ThreadCountGuard(const ThreadCountGuard&) = delete;
  ThreadCountGuard& operator=(const ThreadCountGuard&) = delete;

  // What the program or its user set for the calling thread. To be asked outside of scopes.
  [[nodiscard]] int user_count() const { return count_.read(); }

  // wanted: the count to set, or 0 to leave it. room: threads that all callers together may use.
  [[nodiscard]] GuardScope enter(int wanted, int room);
  void leave(const GuardScope& scope);
  // The count that the call in this scope was given.
  [[nodiscard]] static int count_in(const GuardScope& scope) { return scope.changed_to; }
  // Others were inside when it entered; a caller with one thread looks again, since it disturbs nobody.
  [[nodiscard]] bool is_beside_others(const GuardScope& scope) const {
    return scope.others != 0 ||
           (!scope.several && (state_.load(std::memory_order_relaxed) & several_mask) != 0);
  }

  void freeze() {}
  void thaw() {}
  void forget_other_threads();

 private:
  // Callers inside, those among them that run with several threads, and the common count of these.
  static constexpr std::uint64_t inside_mask = 0xFFFF;
  static constexpr unsigned several_shift = 16;
  static constexpr std::uint64_t one_of_several = std::uint64_t{1} << several_shift;
  static constexpr std::uint64_t several_mask = std::uint64_t{0xFFFF} << several_shift;
  static constexpr unsigned common_shift = 32;

  LibraryCount& count_;
  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::uint8_t> epoch_{0};
};

}  // namespace blastune
