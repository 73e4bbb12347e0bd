// SPDX-License-Identifier: BSD-3-Clause
#include "client/thread_count_guard.h"

#include <algorithm>

namespace blastune {

GuardScope ThreadCountGuard::enter(int wanted, int room) {
  const int user = count_.read();
  int count = wanted == 0 ? user : std::min(wanted, user);
  GuardScope scope;
  scope.counted = true;
  scope.epoch = epoch_.load(std::memory_order_relaxed);
  std::uint64_t state = state_.load();
  std::uint64_t next = 0;
  do {
    const auto common = static_cast<int>(state >> common_shift);
    const auto several = static_cast<int>((state & several_mask) >> several_shift);
    int mine = count;
    next = state + 1;
    if (mine > 1 && common == 0) {
      next += one_of_several | static_cast<std::uint64_t>(mine) << common_shift;
    } else if (mine > 1) {
      // One thread is safe at any time: where the common count is more than this caller may use or than its
      // call is worth, and where it would be too many for the room.
      mine = common > mine || (several + 1) * common > room ? 1 : common;
      if (mine > 1) next += one_of_several;
    }
    scope.several = mine > 1;
    scope.changed_to = static_cast<std::uint16_t>(mine);
  } while (!state_.compare_exchange_weak(state, next));
  scope.others = static_cast<std::uint16_t>(std::min(state & inside_mask, most_others));
  scope.previous = static_cast<std::uint16_t>(user);
  if (scope.changed_to != user) {
    count_.set(scope.changed_to);
    count_.check(scope.changed_to, user);
  }
  return scope;
}

void ThreadCountGuard::leave(const GuardScope& scope) {
  if (scope.changed_to != scope.previous && count_.read() == scope.changed_to) count_.set(scope.previous);
  if (!scope.counted || scope.epoch != epoch_.load(std::memory_order_relaxed)) return;
  std::uint64_t state = state_.load();
  std::uint64_t next = 0;
  do {
    if ((state & inside_mask) == 0) return;
    next = state - 1;
    if (scope.several && (state & several_mask) != 0) next -= one_of_several;
    // The last of several takes the common count with it.
    if ((next & several_mask) == 0) next &= inside_mask;
  } while (!state_.compare_exchange_weak(state, next));
}

void ThreadCountGuard::forget_other_threads() {
  epoch_.fetch_add(1);
  state_.store(0);
}

}  // namespace blastune
