// SPDX-License-Identifier: BSD-3-Clause
#include "client/process_count_guard.h"

#include <time.h>

#include <algorithm>

#include "client/spin_pause.h"

namespace blastune {

int ProcessCountGuard::user_count_among_others() const {
  constexpr int attempts = 64;
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t before = state_.load();
    // In this order: whoever changes the count first says what it was, then to what, then does it.
    const int now = count_.read();
    const int ours = ours_.load();
    const int user = user_.load();
    const bool one_turn = (before & busy) == 0 && ((state_.load() ^ before) & ~inside_mask) == 0;
    // Whoever stays busy that long has lost its processor, and what was read stands still.
    if (one_turn || attempt == attempts) return now == ours ? LibraryCount::valid(user) : now;
    spin_pause(0);
  }
}

GuardScope ProcessCountGuard::enter(int wanted) {
  GuardScope scope;
  scope.counted = true;
  scope.epoch = epoch_.load(std::memory_order_relaxed);
  const bool waits = count_.scope() == CountScope::process_exclusive;
  std::uint64_t state = state_.load();
  for (int attempt = 0;;) {
    const bool first = (state & (inside_mask | busy)) == 0 && (wanted != 0 || (state & changed) != 0);
    if (!first && (state & busy) != 0 && waits) {
      spin_pause(++attempt);
      state = state_.load();
      continue;
    }
    if (state_.compare_exchange_weak(state, first ? ((state + 1 + turn) | busy) : state + 1)) {
      scope.others = static_cast<std::uint16_t>(std::min(state & inside_mask, most_others));
      if (first) change_as_first(wanted);
      return scope;
    }
  }
}

// The busy mark is ours, and nobody else is inside.
void ProcessCountGuard::change_as_first(int wanted) {
  // It is changed with nobody inside where fork() in the middle of a scope left it so to the child.
  const std::uint64_t was = state_.load() & changed;
  const int left_behind = ours_.load();
  const int left_user = LibraryCount::valid(user_.load());
  std::uint64_t is = 0;
  constexpr int attempts = 8;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const int now = count_.read();
    const int user = was != 0 && now == left_behind ? left_user : now;
    const int count = wanted == 0 ? user : std::min(wanted, user);
    user_.store(user);
    ours_.store(count);
    is = count != user ? changed : 0;
    if (now == count) break;
    if (count_.change(now, count)) {
      count_.check(count, user);
      break;
    }
    // The program has just set another one. Should it go on doing so, that is what holds.
    is = 0;
  }
  if (is == 0) ours_.store(0);
  // Others may have come in meanwhile, so only the marks are touched.
  state_.fetch_xor(busy | (was ^ is));
}

void ProcessCountGuard::leave(const GuardScope& scope) {
  const bool counted = scope.counted && scope.epoch == epoch_.load(std::memory_order_relaxed);
  std::uint64_t state = state_.load();
  bool last = false;
  do {
    std::uint64_t inside = state & inside_mask;
    if (counted && inside > 0) --inside;
    last = inside == 0 && (state & (changed | busy)) == changed;
    if (!last && inside == (state & inside_mask)) return;
    const std::uint64_t next = (state & ~inside_mask) | inside;
    if (state_.compare_exchange_weak(state, last ? ((next & ~changed) | busy) + turn : next)) break;
  } while (true);
  if (!last) return;
  restore();
  state_.fetch_and(~busy);
}

void ProcessCountGuard::restore() {
  // A program that set another count inside the scope meant it.
  count_.change(ours_.load(), user_.load());
  ours_.store(0);  // no count: a child forked from here on finds nothing to restore
}

void ProcessCountGuard::grow(int from, int to) {
  std::uint64_t state = state_.load();
  if ((state & (inside_mask | marks)) != 0 || !state_.compare_exchange_strong(state, (state | busy) + turn))
    return;
  if (count_.read() == from) count_.set(to);
  state_.fetch_and(~busy);
}

void ProcessCountGuard::freeze() {
  constexpr int attempts = 1000;
  std::uint64_t state = state_.load();
  for (int attempt = 0; attempt < attempts;) {
    if ((state & busy) != 0) {
      const timespec millisecond = {0, 1'000'000};
      ::nanosleep(&millisecond, nullptr);
      ++attempt;
      state = state_.load();
    } else if (state_.compare_exchange_weak(state, (state | busy) + turn)) {
      frozen_.store(true);
      return;
    }
  }
}

void ProcessCountGuard::thaw() {
  if (!frozen_.exchange(false)) return;
  std::uint64_t state = state_.load();
  while (true) {
    if ((state & (inside_mask | changed)) == changed) {
      // The last one left while it could not restore.
      restore();
      state = state_.fetch_and(~changed) & ~changed;
    } else if (state_.compare_exchange_weak(state, state & ~busy)) {
      return;
    }
  }
}

void ProcessCountGuard::forget_other_threads() {
  epoch_.fetch_add(1);
  // The count stays marked as changed: the next scope restores it, or the end of the one that fork() was
  // called in. Setting it here could start threads in a child that only wants to exec().
  const std::uint64_t state = state_.load();
  if ((state & busy) == 0 || frozen_.exchange(false)) {
    state_.store(state & ~(inside_mask | busy));
  } else {
    // Another thread was changing the count, or restoring it. It is restored if it is ours.
    state_.store(((state & ~(inside_mask | busy)) | changed) + turn);
  }
}

}  // namespace blastune
