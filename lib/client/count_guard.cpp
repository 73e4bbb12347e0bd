// SPDX-License-Identifier: BSD-3-Clause
#include "client/count_guard.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>

namespace blastune {
namespace {

// Of state_ for counts of threads: number inside below, their common count above.
constexpr unsigned common_shift = 32;

constexpr std::uint64_t most_others = 4096;

// Busy ends within microseconds unless its thread lost the processor, or forks.
void pause(int attempt) {
  constexpr int before_sleeping = 100;
  if (attempt >= before_sleeping) {
    // Neither a point to be cancelled at nor one that touches errno.
    int state = PTHREAD_CANCEL_ENABLE;
    ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    const timespec a_moment = {0, 50'000};
    ::clock_nanosleep(CLOCK_MONOTONIC, 0, &a_moment, nullptr);
    ::pthread_setcancelstate(state, &state);
  }
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

int CountGuard::valid(int count) {
  return std::clamp(count, 1, largest_count);
}

int CountGuard::read_count() const {
  // The library writes it in other threads, as plain C: an atomic load is as good as a reader can do.
  return valid(functions_.count != nullptr ? __atomic_load_n(functions_.count, __ATOMIC_RELAXED)
                                           : functions_.get());
}

bool CountGuard::applies() const {
  return functions_.scope != CountScope::fixed && !ignored_.load(std::memory_order_relaxed);
}

int CountGuard::user_count_among_others() const {
  if (functions_.scope == CountScope::thread || functions_.scope == CountScope::fixed) return read_count();
  constexpr int attempts = 64;
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t before = state_.load();
    // In this order: whoever changes the count first says what it was, then to what, then does it.
    const int now = read_count();
    const int ours = ours_.load();
    const int user = user_.load();
    const bool one_turn = (before & busy) == 0 && ((state_.load() ^ before) & ~inside_mask) == 0;
    // Whoever stays busy that long has lost its processor, and what was read stands still.
    if (one_turn || attempt == attempts) return now == ours ? valid(user) : now;
    pause(0);
  }
}

bool CountGuard::change(int from, int to) {
  // The threads for it run already: never is a count above the user's set.
  if (functions_.count != nullptr)
    return __atomic_compare_exchange_n(functions_.count, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
  if (read_count() != from) return false;
  functions_.set(to);
  return true;
}

void CountGuard::check(int count, int user) {
  if (checked_.load(std::memory_order_relaxed)) return;
  const bool follows = valid(functions_.get()) == count;
  // Someone else set it in between: nothing is known yet.
  if (!follows && functions_.count != nullptr && read_count() != count) return;
  checked_.store(true, std::memory_order_relaxed);
  // A library that does not follow is left alone from now on: what else it does then is not known.
  if (follows) return;
  ignored_.store(true, std::memory_order_relaxed);
  if (functions_.count != nullptr)
    change(count, user);
  else
    functions_.set(user);
}

GuardScope CountGuard::enter(int wanted, int most) {
  if (!applies()) return {};
  if (functions_.in_parallel != nullptr && functions_.in_parallel() != 0) return {};
  return functions_.scope == CountScope::thread ? enter_thread(wanted, most) : enter_process(wanted);
}

void CountGuard::leave(const GuardScope& scope) {
  if (functions_.scope == CountScope::thread)
    leave_thread(scope);
  else
    leave_process(scope);
}

int CountGuard::count_in(const GuardScope& scope) const {
  if (functions_.scope == CountScope::thread) return scope.changed_to;
  return scope.inside ? read_count() : 0;
}

// Threads may take each other's changes away; it is an estimate.
void CountGuard::note_together(int threads) {
  constexpr int weight = 8;
  const int before = together_.load(std::memory_order_relaxed);
  const int target = threads * one_thread + one_thread / 2;
  // Away from zero, or it would never get all the way.
  const int step =
      target > before ? (target - before + weight - 1) / weight : (target - before - weight + 1) / weight;
  if (step != 0) together_.store(before + step, std::memory_order_relaxed);
}

GuardScope CountGuard::enter_process(int wanted) {
  GuardScope scope;
  scope.inside = true;
  scope.epoch = epoch_.load(std::memory_order_relaxed);
  std::uint64_t state = state_.load();
  for (int attempt = 0;;) {
    const bool first = (state & (inside_mask | busy)) == 0 && (wanted != 0 || (state & changed) != 0);
    if (!first && (state & busy) != 0 && functions_.scope == CountScope::process_exclusive) {
      pause(++attempt);
      state = state_.load();
      continue;
    }
    if (state_.compare_exchange_weak(state, first ? ((state + 1 + turn) | busy) : state + 1)) {
      scope.others = static_cast<std::uint16_t>(std::min(state & inside_mask, most_others));
      if (!first) return scope;
      break;
    }
  }
  // Changed with nobody inside: what a fork() in the middle of a scope left to the child.
  const std::uint64_t was = state & changed;
  const int left_behind = ours_.load();
  const int left_user = valid(user_.load());
  std::uint64_t is = 0;
  constexpr int attempts = 8;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const int now = read_count();
    const int user = was != 0 && now == left_behind ? left_user : now;
    const int count = wanted == 0 ? user : std::min(wanted, user);
    user_.store(user);
    ours_.store(count);
    is = count != user ? changed : 0;
    if (now == count) break;
    if (change(now, count)) {
      check(count, user);
      break;
    }
    // The program has just set another one. Should it go on doing so, that is what holds.
    is = 0;
  }
  if (is == 0) ours_.store(0);
  // Others may have come in meanwhile, so only the marks are touched.
  state_.fetch_xor(busy | (was ^ is));
  return scope;
}

void CountGuard::leave_process(const GuardScope& scope) {
  const bool counted = scope.inside && scope.epoch == epoch_.load(std::memory_order_relaxed);
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

void CountGuard::restore() {
  // Someone who set another count inside the scope meant it.
  change(ours_.load(), user_.load());
  ours_.store(0);  // no count: a child forked from here on finds nothing to restore
}

GuardScope CountGuard::enter_thread(int wanted, int most) {
  const int user = read_count();
  int count = wanted == 0 ? user : std::min(wanted, user);
  GuardScope scope;
  std::uint64_t state = state_.load();
  while (count > 1) {
    const int common = static_cast<int>(state >> common_shift);
    if (common == 0) {
      const std::uint64_t opened = (static_cast<std::uint64_t>(count) << common_shift) | 1U;
      if (!state_.compare_exchange_weak(state, opened)) continue;
      scope.inside = true;
      break;
    }
    const int all = (static_cast<int>(state & inside_mask) + 1) * common;
    if (common > count || all > most) {
      // More than this thread may use, than its multiply is worth or than there is room for: one is safe at
      // any time.
      count = 1;
      scope.others = static_cast<std::uint16_t>(std::min(state & inside_mask, most_others));
      break;
    }
    if (!state_.compare_exchange_weak(state, state + 1)) continue;
    count = common;
    scope.others = static_cast<std::uint16_t>(std::min(state & inside_mask, most_others));
    scope.inside = true;
    break;
  }
  scope.epoch = epoch_.load(std::memory_order_relaxed);
  scope.previous = static_cast<std::uint16_t>(user);
  scope.changed_to = static_cast<std::uint16_t>(count);
  if (count != user) {
    functions_.set(count);
    check(count, user);
  }
  return scope;
}

void CountGuard::leave_thread(const GuardScope& scope) {
  if (scope.changed_to != scope.previous && read_count() == scope.changed_to) functions_.set(scope.previous);
  if (!scope.inside || scope.epoch != epoch_.load(std::memory_order_relaxed)) return;
  std::uint64_t state = state_.load();
  std::uint64_t without = 0;
  do {
    if ((state & inside_mask) == 0) return;
    without = (state & inside_mask) == 1 ? 0 : state - 1;
  } while (!state_.compare_exchange_weak(state, without));
}

void CountGuard::freeze() {
  // Threads' own counts are set without a lock.
  if (functions_.scope == CountScope::thread || functions_.scope == CountScope::fixed) return;
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

void CountGuard::thaw() {
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

void CountGuard::forget_other_threads() {
  epoch_.fetch_add(1);
  // A count of the process stays marked as changed: the next scope, or the end of the one that fork() was
  // called in, restores it. Setting it here could start threads in a child that only wants to exec().
  const std::uint64_t state = state_.load();
  if (functions_.scope == CountScope::thread) {
    state_.store(0);
  } else if ((state & busy) == 0 || frozen_.exchange(false)) {
    state_.store(state & ~(inside_mask | busy));
  } else {
    // Another thread was changing the count, or restoring it. It is restored if it is ours.
    state_.store(((state & ~(inside_mask | busy)) | changed) + turn);
  }
}

}  // namespace blastune
