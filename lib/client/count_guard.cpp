// SPDX-License-Identifier: BSD-3-Clause
#include "client/count_guard.h"

namespace blastune {

GuardScope CountGuard::enter(int wanted, int room) {
  if (!count_.can_change() || count_.in_parallel_region()) return {};
  GuardScope scope;
  if (auto* process = std::get_if<ProcessCountGuard>(&guard_))
    scope = process->enter(wanted);
  else
    scope = std::get_if<ThreadCountGuard>(&guard_)->enter(wanted, room);
  return scope;
}

}  // namespace blastune
