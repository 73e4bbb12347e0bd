// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/curve_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/clock.h"
#include "model/rng.h"
#include "model/statistics.h"
#include "tuner/planner.h"
#include "tuner/pooled_counts.h"
#include "tuner/simulated_machine.h"
#include "tuner/simulated_prober.h"
#include "tuner/tune_run.h"

namespace blastune {
namespace {

std::vector<int> all_counts(int last) {
  std::vector<int> counts(static_cast<std::size_t>(last));
  std::iota(counts.begin(), counts.end(), 1);
  return counts;
}

Gemm gemm_number(std::int64_t number) {
  return {DType::f64, Transpose::none, Transpose::none, 1000 + number, 2000, 3000};
}

// Falls to the count `best`, and rises from there, from whatever level.
Curve valley(std::int64_t number, int best, const std::vector<int>& counts, double level = 1) {
  Curve curve;
  curve.gemm = gemm_number(number);
  for (const int count : counts)
    curve.at(count).seconds.add(level * (1 + std::abs(std::log(static_cast<double>(count) / best))));
  return curve;
}

TEST(CurvePool, OfACurveThatIsKnownAtTheChosenCountExpectsLittle) {
  const auto counts = all_counts(32);
  const CurvePool pool(counts);
  const Prospects prospects = pool.prospects(valley(1, 12, counts), 12, 0);
  EXPECT_LT(prospects.regret, 0.02);
  EXPECT_GT(pool.prospects(valley(1, 12, counts), 24, 0).regret, 0.3);
}

TEST(CurvePool, ExpectsMostBesideTheBestThatWasSeen) {
  const auto counts = all_counts(32);
  const CurvePool pool(counts);
  const Prospects prospects = pool.prospects(valley(1, 16, {1, 4, 8, 16, 32}), 16, 0);
  const auto most = std::ranges::max_element(prospects.gain) - prospects.gain.begin();
  EXPECT_GT(counts[static_cast<std::size_t>(most)], 8);
  EXPECT_LT(counts[static_cast<std::size_t>(most)], 32);
  EXPECT_GT(prospects.regret, 0);
}

// A count at which every curve has a notch is expected to have one in a curve where it was not measured.
TEST(CurvePool, LearnsWhatAllCurvesHaveInCommon) {
  const auto counts = all_counts(32);
  CurvePool pool(counts);
  std::vector<Curve> curves;
  for (int number = 0; number < 40; ++number) {
    curves.push_back(valley(number, 16, counts, 1 + number));
    Curve notched;
    notched.gemm = curves.back().gemm;
    for (const auto& point : curves.back().points)
      notched.at(point.threads).seconds.add(point.seconds.mean() * (point.threads == 21 ? 0.6 : 1));
    curves.back() = notched;
  }
  std::vector<const Curve*> pointers;
  for (const auto& curve : curves) pointers.push_back(&curve);
  const Curve fresh = valley(100, 16, {1, 4, 8, 16, 24, 32});
  const double before = pool.prospects(fresh, 16, 0).gain[20];
  for (int step = 0; step < 5; ++step) pool.learn(pointers);
  const Prospects after = pool.prospects(fresh, 16, 0);
  EXPECT_GT(after.gain[20], 5 * before);
  EXPECT_EQ(std::ranges::max_element(after.gain) - after.gain.begin(), 20);
}

TEST(CurvePool, ALossThatIsToleratedIsNone) {
  const auto counts = all_counts(32);
  const CurvePool pool(counts);
  Curve flat;
  flat.gemm = gemm_number(1);
  for (const int count : counts) flat.at(count).seconds.add(count == 32 ? 0.99 : 1);
  EXPECT_LT(pool.prospects(flat, 8, 0.02).regret, pool.prospects(flat, 8, 0).regret);
}

TEST(CurvePool, TellsNothingOfWhatItHasNoPointOf) {
  const CurvePool pool(all_counts(32));
  Curve nothing;
  nothing.gemm = gemm_number(1);
  const Prospects prospects = pool.prospects(nothing, 1, 0);
  EXPECT_EQ(prospects.regret, 0);
  EXPECT_EQ(*std::ranges::max_element(prospects.gain), 0);
}

TEST(PooledCounts, TheFirstAreSpreadAndOfEachGemmItsOwn) {
  const auto counts = all_counts(96);
  const auto first = first_counts(counts, gemm_number(1), 1);
  EXPECT_EQ(first.front(), 1);
  EXPECT_EQ(first.back(), 96);
  EXPECT_TRUE(std::ranges::is_sorted(first));
  EXPECT_EQ(std::set<int>(first.begin(), first.end()).size(), first.size());
  EXPECT_EQ(first, first_counts(counts, gemm_number(1), 1));
  std::set<int> seen;
  for (std::int64_t number = 0; number < 200; ++number) {
    for (const int count : first_counts(counts, gemm_number(number), 1)) seen.insert(count);
  }
  EXPECT_EQ(seen.size(), counts.size());
}

TEST(PooledCounts, ThePromisingOnesAreThoseWithTheLargestGain) {
  const auto counts = all_counts(20);
  Prospects prospects;
  prospects.gain.assign(20, 0);
  prospects.gain[4] = 0.3;
  prospects.gain[9] = 0.1;
  EXPECT_EQ(promising_counts(counts, prospects, 20), (std::vector<int>{20, 5, 10}));
  prospects.gain.assign(20, 0.1);
  EXPECT_EQ(promising_counts(counts, prospects, 3).size(), 7U);
}

struct Outcome {
  double regret = 0;
  double samples = 0;  // of a gemm
};

// The planner's own figures on a machine with so many threads, by its noise-free times.
Outcome tune_simulated(int threads, std::int64_t samples_of_gemm) {
  SimulatedMachine machine;
  machine.cores = threads / 2;
  machine.nodes = std::max(1, threads / 96);
  Plan plan;
  Rng rng(5);
  while (plan.grid.size() < 30) {
    const auto size = [&] { return std::llround(16 * std::pow(256.0, rng.uniform())); };
    const Gemm gemm{DType::f64, Transpose::none, Transpose::none, size(), size(), size()};
    if (volume(gemm) > 4e6 && volume(gemm) < 2e10) plan.grid.push_back(gemm);
  }
  std::vector<int> counts;
  const int step = std::max(1, threads / 96);
  for (int count = 1; count <= threads; count = count == 1 && step > 1 ? step : count + step)
    counts.push_back(count);
  const auto seconds = [machine](const Gemm& gemm, int count) {
    return simulated_seconds(machine, gemm, count);
  };
  ManualClock clock;
  SimulatedProber prober(seconds, {.burst_deviation = 0.02, .outlier_share = 0.02}, clock);
  Table known;
  known.build = simulated_build(machine);
  PlannerOptions options;
  options.budget_seconds = 1e9;
  options.most_bursts = samples_of_gemm * static_cast<std::int64_t>(plan.grid.size());
  options.calls_of_burst = 1;
  Planner planner(plan, counts, known, options);
  EXPECT_TRUE(run_tune(planner, prober, clock, [](const Progress&) { return true; }).ok());
  std::vector<double> regrets;
  for (const auto& curve : planner.measured()) {
    double best = seconds(curve.gemm, 1);
    for (const int count : counts) best = std::min(best, seconds(curve.gemm, count));
    regrets.push_back(seconds(curve.gemm, best_threads(curve, threads, default_tolerance)) / best);
  }
  EXPECT_EQ(regrets.size(), plan.grid.size());
  return {geometric_mean(regrets),
          static_cast<double>(planner.progress().bursts) / static_cast<double>(regrets.size())};
}

class ManyCounts : public ::testing::TestWithParam<int> {};

TEST_P(ManyCounts, AreChosenAmongWellWithoutMeasuringMost) {
  const Outcome outcome = tune_simulated(GetParam(), 40);
  EXPECT_LT(outcome.regret, 1.03);
  EXPECT_LE(outcome.samples, 41);
}

INSTANTIATE_TEST_SUITE_P(Simulated, ManyCounts, ::testing::Values(32, 64, 192, 384),
                         [](const auto& threads) { return "threads_" + std::to_string(threads.param); });

}  // namespace
}  // namespace blastune
