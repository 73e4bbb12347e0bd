// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/simulated_prober.h"

#include <cmath>
#include <utility>

namespace blastune {

SimulatedProber::SimulatedProber(CallSeconds call_seconds, SimulatedNoise noise, ManualClock& clock)
    : call_seconds_(std::move(call_seconds)), noise_(noise), clock_(clock), rng_(noise.seed) {}

// A log-normal factor.
double SimulatedProber::deviate(double deviation) {
  return std::exp(deviation * rng_.normal());
}

Result<std::vector<std::optional<BurstResult>>> SimulatedProber::run(std::span<const BurstRequest> requests) {
  std::vector<std::optional<BurstResult>> results;
  for (const auto& request : requests) {
    const double base = call_seconds_(request.gemm, request.threads) * deviate(noise_.burst_deviation);
    BurstResult result;
    result.context.wall_seconds = base * request.warm_calls;
    for (int call = 0; call < request.calls; ++call) {
      double seconds = base * deviate(noise_.call_deviation);
      if (noise_.outlier_share > 0 && rng_.uniform() < noise_.outlier_share)
        seconds *= 1 + (noise_.outlier_factor - 1) * rng_.uniform();
      result.seconds.push_back(seconds);
      result.context.wall_seconds += result.seconds.back();
    }
    if (rng_.uniform() < noise_.disturbed_share) result.context.wait_seconds = result.context.wall_seconds;
    result.context.cpu_seconds = result.context.wall_seconds * request.threads;
    clock_.advance(result.context.wall_seconds);
    if (rng_.uniform() < noise_.lost_share) {
      results.emplace_back(std::nullopt);
    } else {
      results.emplace_back(std::move(result));
    }
  }
  return results;
}

}  // namespace blastune
