// SPDX-License-Identifier: BSD-3-Clause
//
// Sets the count of one OpenBLAS around a call and puts it back. Which of two guards does it depends on whose
// count it is: ProcessCountGuard, ThreadCountGuard. Where the count cannot be set safely, nothing is done. A
// guard lives as long as the process; any thread may call it. Its costs are those of the two.
#pragma once

#include <variant>

#include "client/concurrent_callers.h"
#include "client/guard_scope.h"
#include "client/library_count.h"
#include "client/process_count_guard.h"
#include "client/thread_count_guard.h"

namespace blastune {

class CountGuard {
  using Guard = std::variant<ProcessCountGuard, ThreadCountGuard>;

  // Defined first, because what it returns is deduced.
  template <class AnyGuard, class Do>
  static decltype(auto) with(AnyGuard& guard, const Do& act) {
    if (auto* process = std::get_if<ProcessCountGuard>(&guard)) return act(*process);
    return act(*std::get_if<ThreadCountGuard>(&guard));
  }

 public:
  static constexpr int largest_count = LibraryCount::largest;

  explicit CountGuard(const CountFunctions& functions) : count_(functions), guard_(choose(count_)) {}
  CountGuard(const CountGuard&) = delete;
  CountGuard& operator=(const CountGuard&) = delete;

  // True when enter() can ever change anything.
  [[nodiscard]] bool applies() const { return count_.can_change(); }
  // The count that the program or its user set, which holds outside of all scopes; at least 1.
  [[nodiscard]] int user_count() const {
    return with(guard_, [](const auto& guard) { return guard.user_count(); });
  }
  // Threads of this process that call this library at about the same time; at least 1.
  [[nodiscard]] int callers() const { return callers_.callers(); }
  // To be told of the outermost scope of each thread.
  void note_company(const GuardScope& scope) { callers_.note(scope.others); }

  // wanted: the count to set, never above the user's; 0: none, but the caller is counted in all the same.
  // room: threads that all who are inside may use together, where each thread has a count of its own.
  [[nodiscard]] GuardScope enter(int wanted, int room = largest_count);
  void leave(const GuardScope& scope) {
    with(guard_, [&](auto& guard) { guard.leave(scope); });
  }
  // What the call in that scope of this thread uses; 0: enter() did nothing.
  [[nodiscard]] int count_in(const GuardScope& scope) const {
    return with(guard_, [&](const auto& guard) { return guard.count_in(scope); });
  }
  // Whether other callers were inside when it entered, or use several threads now.
  [[nodiscard]] bool is_beside_others(const GuardScope& scope) const {
    return with(guard_, [&](const auto& guard) { return guard.is_beside_others(scope); });
  }

  // See ProcessCountGuard. A thread's own count needs none: the runtime starts threads as it likes.
  void grow(int from, int to) {
    if (auto* process = std::get_if<ProcessCountGuard>(&guard_)) process->grow(from, to);
  }

  // Around fork(): see ProcessCountGuard.
  void freeze() {
    with(guard_, [](auto& guard) { guard.freeze(); });
  }
  void thaw() {
    with(guard_, [](auto& guard) { guard.thaw(); });
  }
  void forget_other_threads() {
    callers_.forget();
    with(guard_, [](auto& guard) { guard.forget_other_threads(); });
  }

 private:
  // A count that cannot be set is read as a thread's own, and enter() never comes to its guard.
  static Guard choose(LibraryCount& count) {
    const bool is_process =
        count.scope() == CountScope::process || count.scope() == CountScope::process_exclusive;
    return is_process ? Guard(std::in_place_type<ProcessCountGuard>, count)
                      : Guard(std::in_place_type<ThreadCountGuard>, count);
  }
  LibraryCount count_;
  ConcurrentCallers callers_;
  Guard guard_;
};

}  // namespace blastune
