// SPDX-License-Identifier: BSD-3-Clause
//
// How many threads of this process call one OpenBLAS at about the same time, so that each takes its part of
// the processors from its first call in company on. Any thread; it is an estimate, and threads may take each
// other's notes away.
//
// Company is noticed within two calls and forgotten within some twenty: one thread too many costs factors,
// one too few costs percents.
#pragma once

#include <algorithm>
#include <atomic>

namespace blastune {

class ConcurrentCallers {
 public:
  // One caller has just entered beside so many others.
  void note(int others) {
    const int target = (others + 1) * one_caller;
    const int before = mean_.load(std::memory_order_relaxed);
    const int step =
        target > before ? (target - before + rise - 1) / rise : (target - before - fall + 1) / fall;
    if (step != 0) mean_.store(before + step, std::memory_order_relaxed);
  }

  // At least 1, rounded to the nearest.
  [[nodiscard]] int callers() const {
    return (mean_.load(std::memory_order_relaxed) + one_caller / 2) / one_caller;
  }

  // In the child of a fork(), which has one thread.
  void forget() { mean_.store(one_caller, std::memory_order_relaxed); }

 private:
  static constexpr int one_caller = 64;  // stands for a caller in the mean
  static constexpr int rise = 2;         // the part of the way that one note moves the mean up,
  static constexpr int fall = 8;         // and down

  std::atomic<int> mean_{one_caller};
};

}  // namespace blastune
