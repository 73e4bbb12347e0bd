// SPDX-License-Identifier: BSD-3-Clause
//
// A simulated machine for one build's upkeep.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "daemon/build_upkeep.h"
#include "tuner/simulated_prober.h"

namespace blastune::testing {

inline const std::vector<int> four_counts{1, 2, 3, 4};

inline UpkeepOptions small_options(std::vector<int> counts = four_counts) {
  UpkeepOptions options;
  options.plan.networks = {{{784, 100, 50, 10}}};
  options.plan.dtypes = {DType::f64};
  options.plan.passes = {Pass::forward};
  options.plan.grid_shapes = 6;
  options.plan.largest_batch = 512;
  options.plan.threads = counts.back();
  options.counts = std::move(counts);
  return options;
}

// A machine that can be asked in slices, and whose times change when it is told to.
class UpkeepMachine {
 public:
  explicit UpkeepMachine(SimulatedNoise noise = {.burst_deviation = 0.02, .call_deviation = 0.01})
      : prober_([this](const Gemm& gemm, int threads) { return seconds(gemm, threads); }, noise, clock_) {}

  // One slice. False when nothing of that purpose is open.
  bool slice(BuildUpkeep& upkeep, BuildUpkeep::Purpose purpose, double length = 0.25) {
    const auto requests = upkeep.next(purpose, length);
    if (requests.empty()) return false;
    const double start = clock_.monotonic_seconds();
    const auto results = prober_.run(requests);
    upkeep.record(requests, *results, clock_.monotonic_seconds() - start, clock_.unix_seconds());
    return true;
  }
  bool discarded_slice(BuildUpkeep& upkeep, BuildUpkeep::Purpose purpose, double elapsed) {
    const auto requests = upkeep.next(purpose, 0.25);
    if (!requests.empty()) upkeep.discard(requests, elapsed);
    return !requests.empty();
  }
  void work(BuildUpkeep& upkeep, BuildUpkeep::Purpose purpose) {
    int slices = 0;
    while (slice(upkeep, purpose)) ASSERT_LT(++slices, 20'000);
  }
  // A check, and the one that confirms what it found.
  void check(BuildUpkeep& upkeep) {
    upkeep.begin_check(clock_.unix_seconds());
    work(upkeep, BuildUpkeep::Purpose::check);
    if (upkeep.suspects() == 0) return;
    pass(300);
    upkeep.begin_check(clock_.unix_seconds());
    work(upkeep, BuildUpkeep::Purpose::check);
  }

  [[nodiscard]] std::int64_t unix_seconds() { return clock_.unix_seconds(); }
  void pass(double seconds) { clock_.advance(seconds); }

  std::function<double(const Gemm&)> slowdown = [](const Gemm& /*gemm*/) { return 1.0; };
  double start_cost = 2e-5;  // of each further thread

  // Of a call where a start costs so much, and nothing slows it down.
  static double seconds_of(const Gemm& gemm, int threads, double start_cost) {
    return volume(gemm) * 1e-10 / threads + start_cost * (threads - 1);
  }

 private:
  double seconds(const Gemm& gemm, int threads) const {
    return slowdown(gemm) * seconds_of(gemm, threads, start_cost);
  }

  ManualClock clock_;
  SimulatedProber prober_;
};

}  // namespace blastune::testing
