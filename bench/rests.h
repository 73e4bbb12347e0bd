// SPDX-License-Identifier: BSD-3-Clause
//
// Short sleeps between the blocks of a long measurement, for the reason given in lib/tuner/tune_run.cpp:
// without them a run sees only one of the ways in which its threads can lie on the machine.
#pragma once

#include <chrono>
#include <thread>

namespace blastune::bench {

class Rests {
 public:
  void rest_when_due() {
    if (Clock::now() - last_ < std::chrono::milliseconds(750)) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(150));
    last_ = Clock::now();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point last_ = Clock::now();
};

}  // namespace blastune::bench
