// SPDX-License-Identifier: BSD-3-Clause
//
// Plans, machines and runs for the planner's tests.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "base/clock.h"
#include "tuner/planner.h"
#include "tuner/simulated_prober.h"
#include "tuner/tune_run.h"

namespace blastune::testing {

inline const Network article_network{{784, 100, 50, 10}};

inline Build pthread_build() {
  Build build;
  build.threading = Threading::pthread;
  return build;
}

inline PlanOptions plan_options() {
  PlanOptions options;
  options.networks = {article_network};
  options.dtypes = {DType::f64};
  options.threads = 4;
  return options;
}

// Work divides, every thread costs a start.
inline double formula_seconds(const Gemm& gemm, int threads) {
  return volume(gemm) * 1e-10 / threads + 2e-5 * (threads - 1);
}

struct Outcome {
  Table table;
  Progress progress;
  double seconds = 0;
};

// What a run makes of a table that an earlier one left, or of none.
inline Outcome tune_after(const Table& known, const SimulatedProber::CallSeconds& seconds,
                          const std::vector<int>& counts, const PlannerOptions& options,
                          SimulatedNoise noise) {
  ManualClock clock;
  SimulatedProber prober(seconds, noise, clock);
  Planner planner(make_plan(plan_options(), pthread_build()), counts, known, options);
  EXPECT_TRUE(run_tune(planner, prober, clock, [](const Progress&) { return true; }).ok());
  Outcome run{known, planner.progress(), clock.monotonic_seconds()};
  for (const auto& curve : planner.measured()) run.table.add_later(curve);
  return run;
}

inline Outcome simulate(SimulatedNoise noise, double budget, const std::vector<int>& counts = {1, 2, 3, 4},
                        Table known = {}, std::uint64_t seed = 1) {
  known.build = pthread_build();
  known.default_threads = counts.back();
  PlannerOptions options;
  options.budget_seconds = budget;
  options.seed = seed;
  return tune_after(known, formula_seconds, counts, options, noise);
}

inline double burst_time(const BurstRequest& request, double seconds_per_volume) {
  return (request.warm_calls + request.calls) * volume(request.gemm) * seconds_per_volume / request.threads;
}

// A machine on which threads are free, so that only the size of a gemm says how long it takes.
struct DividedWork {
  double seconds_per_volume = 1e-10;
  SimulatedNoise noise{.burst_deviation = 0.05};
  ManualClock clock;
  SimulatedProber prober{
      [this](const Gemm& gemm, int threads) { return volume(gemm) * seconds_per_volume / threads; }, noise,
      clock};

  double answer(Planner& planner, const std::vector<BurstRequest>& requests) {
    const double start = clock.monotonic_seconds();
    const auto results = prober.run(requests);
    const double elapsed = clock.monotonic_seconds() - start;
    planner.record(requests, *results, elapsed);
    return elapsed;
  }
};

}  // namespace blastune::testing
