// SPDX-License-Identifier: BSD-3-Clause
//
// What a planner makes of what earlier runs left.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "model/statistics.h"
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

constexpr PlannerOptions once{.budget_seconds = 1000};
constexpr PlannerOptions again{.budget_seconds = 1000, .measure_known_again = true};

Table settled_after(const Table& known, const SimulatedProber::CallSeconds& seconds,
                    const std::vector<int>& counts, const PlannerOptions& options) {
  const Outcome run = tune_after(known, seconds, counts, options, {.burst_deviation = 0.02});
  EXPECT_EQ(run.progress.settled, run.progress.gemms);
  return run.table;
}

// Starting a thread costs twelve times as much, so that two are hardly ever worth it.
double other_state_seconds(const Gemm& gemm, int threads) {
  return volume(gemm) * 1e-10 / threads + 2.4e-4 * (threads - 1);
}

TEST(Planner, WhatIsKnownIsMeasuredAgainWhereAskedSoThatTwoStatesCount) {
  const Table first = settled_after({}, formula_seconds, {1, 2}, again);
  const Table same = settled_after(first, other_state_seconds, {1, 2}, once);
  const Table both = settled_after(first, other_state_seconds, {1, 2}, again);
  ASSERT_EQ(same.curves.size(), first.curves.size());
  int changed = 0;
  for (const auto& curve : first.curves) {
    EXPECT_EQ(*same.find(curve.gemm), curve) << "settled by what was known";
    const Curve& joined = *both.find(curve.gemm);
    EXPECT_GT(joined.find(2)->seconds.count(), curve.find(2)->seconds.count()) << describe(curve.gemm);
    const double gain = formula_seconds(curve.gemm, 2) / formula_seconds(curve.gemm, 1);
    const double loss = other_state_seconds(curve.gemm, 2) / other_state_seconds(curve.gemm, 1);
    const auto before = static_cast<double>(curve.find(2)->seconds.count());
    const auto after = static_cast<double>(joined.find(2)->seconds.count()) - before;
    // Where what was lost is clearly more than what was gained, each state by its bursts.
    if (gain > 0.97 || before * std::log(gain) + after * std::log(loss) < 0.1 * (before + after)) continue;
    ++changed;
    EXPECT_EQ(best_threads(joined, 2, default_tolerance), 1) << describe(curve.gemm);
  }
  EXPECT_GT(changed, 5);
}

// The processor ran at half or twice the frequency, which changes no choice.
TEST(Planner, AnotherSpeedOfTheWholeMachineChangesNoChoice) {
  for (const double speed : {0.5, 2.0}) {
    for (const std::size_t most : {std::size_t{6}, std::size_t{20}}) {
      std::vector<int> counts;
      for (std::size_t count = 1; count <= most; ++count) counts.push_back(static_cast<int>(count));
      const auto slower = [speed](const Gemm& gemm, int threads) {
        return formula_seconds(gemm, threads) / speed;
      };
      const SimulatedNoise noise{.burst_deviation = 0.05};
      const PlannerOptions short_run{.budget_seconds = 15, .measure_known_again = true};
      const Table first = tune_after({}, formula_seconds, counts, short_run, noise).table;
      const Table second = tune_after(first, slower, counts, short_run, noise).table;
      std::vector<double> regrets;
      for (const auto& curve : second.curves) {
        double best = formula_seconds(curve.gemm, 1);
        for (const int count : counts) best = std::min(best, formula_seconds(curve.gemm, count));
        regrets.push_back(formula_seconds(curve.gemm, best_threads(curve, counts.back(), default_tolerance)) /
                          best);
      }
      EXPECT_LT(geometric_mean(regrets), 1.02) << speed << ", " << most << " counts";
      EXPECT_LT(quantile(regrets, 1), 1.2) << speed << ", " << most << " counts";
    }
  }
}

// What it settled is settled by the table alone, for whoever reads that next.
TEST(Planner, SettlesByWhatItsTableWillHold) {
  const std::vector<int> counts{1, 2, 3, 4};
  Table table = settled_after({}, formula_seconds, counts, again);
  for (int run = 0; run < 2; ++run) table = settled_after(table, other_state_seconds, counts, again);
  const Planner next(make_plan(plan_options(), pthread_build()), counts, table, once);
  EXPECT_EQ(next.progress().settled, next.progress().gemms);
  EXPECT_EQ(next.progress().gemms, table.curves.size());
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
