// SPDX-License-Identifier: BSD-3-Clause
#include "client/library_count.h"

#include <algorithm>

namespace blastune {

int LibraryCount::valid(int count) {
  return std::clamp(count, 1, largest);
}

int LibraryCount::read() const {
  // The library writes it in other threads, as plain C: an atomic load is as good as a reader can do.
  return valid(functions_.count != nullptr ? __atomic_load_n(functions_.count, __ATOMIC_RELAXED)
                                           : functions_.get());
}

bool LibraryCount::change(int from, int to) {
  // Storing is enough, because no count is ever raised above the user's, for which the threads run already.
  if (functions_.count != nullptr)
    return __atomic_compare_exchange_n(functions_.count, &from, to, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_RELAXED);
  if (read() != from) return false;
  functions_.set(to);
  return true;
}

void LibraryCount::check(int count, int user) {
  if (checked_.load(std::memory_order_relaxed)) return;
  const bool follows = valid(functions_.get()) == count;
  // Somebody else set it in between, so nothing is known yet.
  if (!follows && functions_.count != nullptr && read() != count) return;
  checked_.store(true, std::memory_order_relaxed);
  if (follows) return;
  ignored_.store(true, std::memory_order_relaxed);
  if (functions_.count != nullptr)
    change(count, user);
  else
    functions_.set(user);
}

}  // namespace blastune
