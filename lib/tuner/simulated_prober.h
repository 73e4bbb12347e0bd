// SPDX-License-Identifier: BSD-3-Clause
//
// A machine made of a formula: for testing planner and advisor on machines nobody has, in no time. Its
// clock moves by what the calls it pretends to make would have taken.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "model/rng.h"
#include "tuner/prober.h"

namespace blastune {

struct SimulatedNoise {
  double burst_deviation = 0;  // of ln(seconds) from burst to burst
  double call_deviation = 0;   // of ln(seconds) from call to call within a burst
  double outlier_share = 0;    // calls that take several times as long for no reason that anybody tells
  double outlier_factor = 5;   // how many times at most
  double disturbed_share = 0;  // bursts that another program disturbs, and that say so
  double lost_share = 0;       // bursts that bring no answer
  std::uint64_t seed = 1;
};

class SimulatedProber final : public Prober {
 public:
  using CallSeconds = std::function<double(const Gemm&, int threads)>;

  SimulatedProber(CallSeconds call_seconds, SimulatedNoise noise, ManualClock& clock);

  Result<std::vector<std::optional<BurstResult>>> run(std::span<const BurstRequest> requests) override;

 private:
  double deviate(double deviation);

  CallSeconds call_seconds_;
  SimulatedNoise noise_;
  ManualClock& clock_;
  Rng rng_;
};

}  // namespace blastune
