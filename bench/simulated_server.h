// SPDX-License-Identifier: BSD-3-Clause
//
// The servers that nobody here has, as the studies of the planner simulate them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "tuner/simulated_machine.h"
#include "tuner/simulated_prober.h"

namespace blastune::bench {

// With two threads a core, and a socket for every 96 threads.
inline SimulatedMachine simulated_server(int threads) {
  SimulatedMachine machine;
  machine.cores = threads / machine.threads_per_core;
  machine.nodes = std::max(1, threads / 96);
  return machine;
}

inline SimulatedNoise server_noise(std::uint64_t seed) {
  return {.burst_deviation = 0.03,
          .call_deviation = 0.01,
          .outlier_share = 0.02,
          .outlier_factor = 5,
          .seed = seed};
}

}  // namespace blastune::bench
