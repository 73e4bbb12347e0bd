// SPDX-License-Identifier: BSD-3-Clause
//
// The thread count of one OpenBLAS: reads it, changes it, and checks once whether the library follows. Any
// thread may call any of this; nothing here locks, allocates or enters the kernel.
#pragma once

#include <atomic>

#include "client/count_functions.h"

namespace blastune {

class LibraryCount {
 public:
  // No program means a count above this; a scope has 16 bits for it.
  static constexpr int largest = 0xFFFF;

  explicit LibraryCount(const CountFunctions& functions) : functions_(functions) {}
  LibraryCount(const LibraryCount&) = delete;
  LibraryCount& operator=(const LibraryCount&) = delete;

  [[nodiscard]] CountScope scope() const { return functions_.scope; }
  // Whether a change can ever have an effect: the count can be set safely, and was not seen to be ignored.
  [[nodiscard]] bool can_change() const {
    return functions_.scope != CountScope::fixed && !ignored_.load(std::memory_order_relaxed);
  }
  // Whether the calling thread is inside an OpenMP parallel region, where the library runs on one thread.
  [[nodiscard]] bool in_parallel_region() const {
    return functions_.in_parallel != nullptr && functions_.in_parallel() != 0;
  }

  // The library's own variable, where it is known: a load instead of a call.
  [[nodiscard]] const int* variable() const { return functions_.count; }
  // From 1 to `largest`.
  [[nodiscard]] int read() const;
  // Changes the count if it still is `from`, and says whether it did. A count that the program sets between
  // our reading and our setting is kept where the variable is known, and lost elsewhere.
  bool change(int from, int to);
  // Sets it without looking.
  void set(int count) { functions_.set(count); }
  // After the first change of the process's life: whether the library follows. One that does not gets
  // `user` back and is left alone from then on, because nobody knows what else it does.
  void check(int count, int user);

  [[nodiscard]] static int valid(int count);

 private:
  CountFunctions functions_;
  std::atomic<bool> ignored_{false};
  std::atomic<bool> checked_{false};
};

}  // namespace blastune
