// SPDX-License-Identifier: BSD-3-Clause
//
// The load of a machine nobody has: what is set goes on from the last reading to the next, by the clock
// given. For testing whatever reads a LoadSource.
#pragma once

#include "base/clock.h"
#include "load/load_source.h"

namespace blastune {

class SimulatedLoadSource final : public LoadSource {
 public:
  // Precondition: processors > 0. The clock outlives it.
  SimulatedLoadSource(Clock& clock, int processors);

  // Change at will between readings.
  double others_cores = 0;
  double steal_cores = 0;
  double waiting_share = 0;
  int runnable_others = 0;
  Power power = Power::mains;

  // Processor time that the reader itself has used since the last reading.
  void use(double cpu_seconds) { own_seconds_ += cpu_seconds; }
  void run_out_of_quota() { ++*state_.quota_throttles; }
  void overheat() { ++*state_.processors.front().thermal_throttles; }

  LoadReading read() override;

 private:
  Clock& clock_;
  double own_seconds_ = 0;
  LoadReading state_;
};

}  // namespace blastune
