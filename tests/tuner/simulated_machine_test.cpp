// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/simulated_machine.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace blastune {
namespace {

SimulatedMachine server() {
  SimulatedMachine machine;
  machine.cores = 48;
  machine.threads_per_core = 2;
  machine.nodes = 2;
  return machine;
}

Gemm gemm_of(std::int64_t m, std::int64_t n, std::int64_t k, DType dtype = DType::f64) {
  return {dtype, Transpose::none, Transpose::none, m, n, k};
}

int best_count(const SimulatedMachine& machine, const Gemm& gemm) {
  int best = 1;
  for (int count = 2; count <= machine.threads(); ++count) {
    if (simulated_seconds(machine, gemm, count) < simulated_seconds(machine, gemm, best)) best = count;
  }
  return best;
}

TEST(SimulatedMachine, LargeMultipliesGainFromEveryCoreAndSmallOnesFromFew) {
  const auto large = gemm_of(4000, 4000, 4000);
  EXPECT_GT(simulated_seconds(server(), large, 1) / simulated_seconds(server(), large, 48), 25);
  EXPECT_GE(best_count(server(), large), 48);
  const int small = best_count(server(), gemm_of(100, 50, 100));
  EXPECT_GT(small, 1);
  EXPECT_LT(small, 24);
}

TEST(SimulatedMachine, BelowTheLibrarysThresholdTheCountMakesNoDifference) {
  const auto tiny = gemm_of(64, 64, 64);
  for (int count = 2; count <= 96; ++count)
    EXPECT_EQ(simulated_seconds(server(), tiny, count), simulated_seconds(server(), tiny, 1));
}

TEST(SimulatedMachine, TimeIsNotUnimodalInTheCount) {
  const auto gemm = gemm_of(300, 200, 300);
  int turns = 0;
  for (int count = 2; count < 47; ++count) {
    const double before =
        simulated_seconds(server(), gemm, count) - simulated_seconds(server(), gemm, count - 1);
    const double after =
        simulated_seconds(server(), gemm, count + 1) - simulated_seconds(server(), gemm, count);
    turns += static_cast<int>(before * after < 0);
  }
  EXPECT_GT(turns, 6);
}

TEST(SimulatedMachine, AThreadMoreThanCoresMakesItSlower) {
  const auto gemm = gemm_of(3000, 3000, 3000);
  EXPECT_GT(simulated_seconds(server(), gemm, 49), 1.2 * simulated_seconds(server(), gemm, 48));
}

TEST(SimulatedMachine, BandwidthIsUsedUpByFewThreads) {
  // Hardly any arithmetic for each byte, and far larger than the caches.
  const auto gemm = gemm_of(8, 20'000, 8'000);
  const double by_eight = simulated_seconds(server(), gemm, 1) / simulated_seconds(server(), gemm, 8);
  const double by_more = simulated_seconds(server(), gemm, 16) / simulated_seconds(server(), gemm, 24);
  EXPECT_GT(by_eight, 4);
  EXPECT_LT(by_more, 1.25);
}

TEST(SimulatedMachine, EverybodyWaitsForCoresThatOthersUse) {
  SimulatedMachine machine = server();
  machine.busy_cores = 1;
  const auto gemm = gemm_of(500, 500, 500);
  EXPECT_EQ(simulated_seconds(machine, gemm, 48), simulated_seconds(server(), gemm, 48));
  EXPECT_GT(simulated_seconds(machine, gemm, 96), 1.9 * simulated_seconds(server(), gemm, 96));
}

TEST(SimulatedMachine, SinglePrecisionIsFaster) {
  EXPECT_LT(simulated_seconds(server(), gemm_of(1000, 1000, 1000, DType::f32), 8),
            0.7 * simulated_seconds(server(), gemm_of(1000, 1000, 1000), 8));
}

}  // namespace
}  // namespace blastune
