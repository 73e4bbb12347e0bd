// SPDX-License-Identifier: BSD-3-Clause
//
// What a planner makes of what earlier runs left.
#include <gtest/gtest.h>

#include "tests/tuner/planner_fixtures.h"

namespace blastune::testing {
namespace {

TEST(Planner, WhatItKnowsAndLeavesAloneStaysAsItIs) {
  Table known;
  known.build = pthread_build();
  const Plan plan = make_plan(plan_options(), pthread_build());
  for (const auto& gemm : plan.gemms()) {
    Curve curve{gemm, {}, 0};
    for (const int count : {1, 2}) {
      curve.at(count).seconds = Moments::from_summary(1, volume(gemm) * 1e-10 / count, 0);
    }
    known.add(curve);
  }
  DividedWork machine;
  Planner planner(plan, {1, 2, 3}, known, {.budget_seconds = 1e9, .longest_burst_seconds = 1e-3});
  for (auto requests = planner.next(0.1); !requests.empty(); requests = planner.next(0.1)) {
    machine.answer(planner, requests);
    for (const auto& request : requests) EXPECT_LT(burst_time({request.gemm, 1, 1, 1}, 1e-10), 1.3e-3);
  }
  EXPECT_GT(planner.progress().left_alone, 0U);
}

TEST(Planner, ASecondRunContinuesTheFirst) {
  const SimulatedNoise noise{.burst_deviation = 0.2, .call_deviation = 0.05};
  const Outcome first = simulate(noise, 3);
  const Outcome second = simulate(noise, 3, {1, 2, 3, 4}, first.table, 2);
  EXPECT_GE(second.progress.gemms, first.progress.gemms);
  EXPECT_GT(second.progress.settled, first.progress.settled);
  EXPECT_GE(second.table.curves.size(), first.table.curves.size());
}

// The machine was in another state: starting a thread cost twelve times as much, and two were never worth it.
TEST(Planner, KnownThingsAreMeasuredAgainWhereAskedSoThatTwoStatesCount) {
  const auto other_state = [](const Gemm& gemm, int threads) {
    return volume(gemm) * 1e-10 / threads + 2.4e-4 * (threads - 1);
  };
  const auto run_with = [&](const SimulatedProber::CallSeconds& seconds, const Table& known, bool again) {
    ManualClock clock;
    SimulatedProber prober(seconds, {.burst_deviation = 0.02}, clock);
    PlannerOptions options;
    options.budget_seconds = 1000;
    options.measure_known_again = again;
    Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, known, options);
    EXPECT_TRUE(run_tune(planner, prober, clock, [](const Progress&) { return true; }).ok());
    EXPECT_EQ(planner.progress().settled, planner.progress().gemms);
    Table table = known;
    for (const auto& curve : planner.measured()) table.add(curve);
    return table;
  };
  const Table first = run_with(formula_seconds, {}, true);
  const Table same = run_with(other_state, first, false);
  const Table both = run_with(other_state, first, true);
  ASSERT_EQ(same.curves.size(), first.curves.size());
  int changed = 0;
  for (const auto& curve : first.curves) {
    EXPECT_EQ(*same.find(curve.gemm), curve) << "settled by what was known";
    const Curve& joined = *both.find(curve.gemm);
    EXPECT_GT(joined.find(2)->seconds.count(), curve.find(2)->seconds.count()) << describe(curve.gemm);
    const double gained = formula_seconds(curve.gemm, 1) - formula_seconds(curve.gemm, 2);
    const double lost = other_state(curve.gemm, 2) - other_state(curve.gemm, 1);
    // Each state counts by its bursts.
    const auto before = static_cast<double>(curve.find(2)->seconds.count());
    const auto after = static_cast<double>(joined.find(2)->seconds.count()) - before;
    if (gained < 0 || lost * after < 2 * gained * before) continue;
    ++changed;
    EXPECT_EQ(best_threads(joined, 2, default_tolerance), 1) << describe(curve.gemm);
  }
  EXPECT_GT(changed, 5);
}

// A quota that was lowered, or a processor that went offline.
TEST(Planner, WhatIsKnownOfOtherCountsKeepsNothingOpen) {
  Table known;
  for (const Gemm& gemm : make_plan(plan_options(), pthread_build()).gemms()) {
    Curve curve;
    curve.gemm = gemm;
    for (const int threads : {1, 2, 3}) curve.at(threads).seconds.add(1e-3 / (threads == 3 ? 100 : threads));
    known.add(curve);
  }
  ManualClock clock;
  SimulatedProber prober(formula_seconds, {}, clock);
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, known, {.budget_seconds = 1000});
  for (auto requests = planner.next(0.2); !requests.empty(); requests = planner.next(0.2)) {
    for (const auto& request : requests) EXPECT_LE(request.threads, 2);
    planner.record(requests, *prober.run(requests), 0.2);
  }
  EXPECT_EQ(planner.progress().settled, planner.progress().gemms);
}

}  // namespace
}  // namespace blastune::testing
