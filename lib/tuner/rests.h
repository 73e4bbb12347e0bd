// SPDX-License-Identifier: BSD-3-Clause
//
// Now and then everybody sleeps, for longer than a library's idle threads go on spinning (2^28 ticks of the
// processor's clock in OpenBLAS's pthread builds), so that kernel and hypervisor place the threads anew.
// Where they end up decides how much a second thread is worth, by a factor of up to 1.6 on a virtual machine,
// and it stays so for as long as they run. A run with many rests measures the mean over such states, which is
// what programs meet.
#pragma once

#include "base/clock.h"

namespace blastune {

class Rests {
 public:
  explicit Rests(Clock& clock) : clock_(clock), rested_(clock.monotonic_seconds()) {}

  void rest_when_due() {
    constexpr double seconds = 0.15;
    constexpr double work_between = 0.75;
    if (clock_.monotonic_seconds() - rested_ < work_between) return;
    clock_.sleep(seconds);
    rested_ = clock_.monotonic_seconds();
  }

 private:
  Clock& clock_;
  double rested_;
};

}  // namespace blastune
