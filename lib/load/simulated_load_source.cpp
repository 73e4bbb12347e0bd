// SPDX-License-Identifier: BSD-3-Clause
#include "load/simulated_load_source.h"

namespace blastune {

SimulatedLoadSource::SimulatedLoadSource(Clock& clock, int processors) : clock_(clock) {
  state_.monotonic_seconds = clock_.monotonic_seconds();
  for (int processor = 0; processor < processors; ++processor) {
    state_.processors.push_back({processor, 0, 0, 0, 0});
  }
  state_.waiting_seconds = 0;
  state_.quota_throttles = 0;
}

LoadReading SimulatedLoadSource::read() {
  const double now = clock_.monotonic_seconds();
  const double seconds = now - state_.monotonic_seconds;
  const auto processors = static_cast<double>(state_.processors.size());
  for (ProcessorCounters& processor : state_.processors) {
    processor.busy_seconds += (others_cores * seconds + own_seconds_) / processors;
    processor.steal_seconds += steal_cores * seconds / processors;
  }
  *state_.waiting_seconds += waiting_share * seconds;
  state_.monotonic_seconds = now;
  state_.runnable = 1 + runnable_others;
  state_.power = power;
  own_seconds_ = 0;
  return state_;
}

}  // namespace blastune
