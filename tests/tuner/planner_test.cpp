// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "model/advisor.h"
#include "model/statistics.h"
#include "model/thread_use.h"
#include "tests/tuner/planner_fixtures.h"

namespace blastune::testing {
namespace {

TEST(Plan, NamesEachGemmOnceAndOnlyThoseWhereTheCountMatters) {
  const Plan plan = make_plan(plan_options(), pthread_build());
  const auto gemms = plan.gemms();
  ASSERT_GT(gemms.size(), 50U);
  EXPECT_EQ(std::set<Gemm>(gemms.begin(), gemms.end()).size(), gemms.size());
  std::set<std::string> transposes;
  for (const auto& gemm : gemms) {
    EXPECT_FALSE(runs_on_one_thread(pthread_build(), gemm)) << describe(gemm);
    EXPECT_LE(flops(gemm), 4 * plan_options().max_flops_per_thread);
    transposes.insert(transpose_letters(gemm));
  }
  EXPECT_EQ(transposes.size(), 4U);
}

TEST(Plan, TheLadderKeepsItsEnds) {
  EXPECT_EQ(batch_ladder(1, 20000),
            (std::vector<std::int64_t>{1,  2,  3,  4,   6,   8,   10,  12,  16,   20,   24,   32,
                                       40, 50, 64, 100, 128, 200, 256, 500, 2000, 8000, 20000}));
  EXPECT_EQ(batch_ladder(5, 19), (std::vector<std::int64_t>{5, 6, 8, 10, 12, 16, 19}));
  EXPECT_EQ(batch_ladder(5, 5), (std::vector<std::int64_t>{5}));
}

TEST(Plan, ASeriesBeginsWhereTheLibraryBeginsToUseThreads) {
  const Plan plan = make_plan(plan_options(), pthread_build());
  for (const auto& series : plan.series) {
    const auto first = series.batches.front();
    if (first == 1) continue;
    EXPECT_TRUE(runs_on_one_thread(pthread_build(), series.at(first - 1)));
  }
}

TEST(Planner, KeepsWithinItsBudgetAndSettlesWhenItCan) {
  const Outcome short_run = simulate({.burst_deviation = 0.1}, 1);
  EXPECT_GT(short_run.progress.bursts, 0);
  EXPECT_LT(short_run.seconds, 2.0);
  const Outcome long_run = simulate({.burst_deviation = 0.02, .call_deviation = 0.02}, 1000);
  EXPECT_EQ(long_run.progress.settled, long_run.progress.gemms);
  EXPECT_LT(long_run.seconds, 500);
}

TEST(Planner, ItsTableAdvisesWellOnShapesItDidNotMeasure) {
  const Outcome run = simulate({.burst_deviation = 0.1, .call_deviation = 0.05}, 60);
  const Advisor advisor(run.table);
  std::vector<double> regret;
  for (std::int64_t batch = 5; batch < 4000; batch = batch * 5 / 4) {
    for (const auto& layer : layers_of(article_network)) {
      const Gemm gemm = layer_gemm(layer, batch, DType::f64, Pass::forward, Layout::features_by_batch);
      if (runs_on_one_thread(pthread_build(), gemm)) continue;
      double best = formula_seconds(gemm, 1);
      for (int threads = 2; threads <= 4; ++threads) best = std::min(best, formula_seconds(gemm, threads));
      regret.push_back(formula_seconds(gemm, advisor.advise(gemm, 4).threads) / best);
    }
  }
  EXPECT_LT(geometric_mean(regret), 1.02);
  EXPECT_LT(quantile(regret, 1), 1.25);
}

TEST(Planner, RefinesWhereTheBestCountChanges) {
  const Outcome run = simulate({}, 1000);
  // The best count of the first layer's forward pass changes between these two rungs of the ladder.
  int between = 0;
  for (const auto& curve : run.table.curves) {
    const Gemm& gemm = curve.gemm;
    between += static_cast<int>(gemm.k == 784 && gemm.m == 100 && gemm.n > 4 && gemm.n < 16);
  }
  EXPECT_GE(between, 2);
  EXPECT_GT(run.progress.gemms, make_plan(plan_options(), pthread_build()).gemms().size());
}

TEST(Planner, SpreadsTheBurstsOfAGemmOverTheRun) {
  ManualClock clock;
  SimulatedProber prober(formula_seconds, {.burst_deviation = 0.3}, clock);
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, Table{}, {.budget_seconds = 20});
  std::map<Gemm, std::set<int>> stretches;
  std::map<Gemm, std::size_t> bursts;
  int stretch = 0;
  for (auto requests = planner.next(0.2); !requests.empty(); requests = planner.next(0.2), ++stretch) {
    const double start = clock.monotonic_seconds();
    const auto results = prober.run(requests);
    for (const auto& request : requests) {
      stretches[request.gemm].insert(stretch);
      ++bursts[request.gemm];
    }
    planner.record(requests, *results, clock.monotonic_seconds() - start);
  }
  ASSERT_GT(stretch, 20);
  for (const auto& [gemm, count] : bursts) {
    // A block is a burst of each of two counts: no stretch holds two blocks of one gemm.
    EXPECT_GE(2 * stretches[gemm].size(), count) << describe(gemm);
  }
}

TEST(Planner, EveryBlockHoldsEachOpenCountOnce) {
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{}, {});
  const auto requests = planner.next(0.5);
  ASSERT_FALSE(requests.empty());
  ASSERT_EQ(requests.size() % 4, 0U);
  for (std::size_t block = 0; block < requests.size(); block += 4) {
    std::set<int> counts;
    for (std::size_t i = block; i < block + 4; ++i) {
      EXPECT_EQ(requests[i].gemm, requests[block].gemm);
      EXPECT_GE(requests[i].warm_calls, 1);
      EXPECT_GE(requests[i].calls, 1);
      counts.insert(requests[i].threads);
    }
    EXPECT_EQ(counts.size(), 4U);
  }
}

TEST(Planner, ASliceTakesNoLongerThanAskedUnlessOneBurstDoes) {
  for (const double slice : {0.25, 0.02, 0.001, 0.0}) {
    DividedWork machine;
    Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{}, {.budget_seconds = 3});
    double spent = 0;
    int slices = 0;
    for (auto requests = planner.next(slice); !requests.empty(); requests = planner.next(slice), ++slices) {
      const double took = machine.answer(planner, requests);
      spent += took;
      // What a dtype takes is known after some bursts; until then too much was expected.
      EXPECT_TRUE(requests.size() == 1 || took < 1.3 * slice) << took << " of " << slice;
    }
    EXPECT_GT(spent, 2.9);
    if (slice >= 0.02) {
      EXPECT_LT(slices, 3 * 3 / slice);
    }
  }
}

TEST(Planner, TheRestOfABlockComesFirstTheNextTime) {
  const Plan plan = make_plan(plan_options(), pthread_build());
  Planner planner(plan, {1, 2, 3, 4}, Table{}, {});
  std::vector<BurstRequest> requests;
  while (requests.size() < 400) {
    const auto some = planner.next(1e-3);
    ASSERT_FALSE(some.empty());
    requests.insert(requests.end(), some.begin(), some.end());
  }
  for (std::size_t block = 0; block + 4 <= requests.size(); block += 4) {
    std::set<int> counts;
    for (std::size_t i = block; i < block + 4; ++i) {
      EXPECT_EQ(requests[i].gemm, requests[block].gemm);
      counts.insert(requests[i].threads);
    }
    EXPECT_EQ(counts.size(), 4U);
  }
}

TEST(Planner, ABlockThatFitsIsNotCut) {
  DividedWork machine;
  machine.noise.burst_deviation = 0;
  // Nothing is slower with more threads, so the first block of a gemm is of all counts.
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{}, {.budget_seconds = 3});
  std::set<Gemm> seen;
  int slices = 0;
  for (auto requests = planner.next(0.3); !requests.empty(); requests = planner.next(0.3), ++slices) {
    machine.answer(planner, requests);
    std::map<Gemm, int> first_bursts;
    for (const auto& request : requests) {
      if (!seen.contains(request.gemm)) ++first_bursts[request.gemm];
    }
    for (const auto& [gemm, bursts] : first_bursts) {
      EXPECT_EQ(bursts, 4) << describe(gemm);
      seen.insert(gemm);
    }
  }
  EXPECT_GT(slices, 5);
}

TEST(Planner, LeavesAloneWhatTakesTooLongAndEndsAllTheSame) {
  for (const double seconds_per_volume : {1e-9, 1e-10, 1e-11}) {
    DividedWork machine;
    machine.seconds_per_volume = seconds_per_volume;
    Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{},
                    {.budget_seconds = 1e9, .longest_burst_seconds = 0.02});
    std::int64_t too_long = 0;
    std::map<Gemm, std::set<int>> asked;
    for (auto requests = planner.next(0.1); !requests.empty(); requests = planner.next(0.1)) {
      machine.answer(planner, requests);
      for (const auto& request : requests) {
        if (burst_time({request.gemm, 1, 1, 1}, seconds_per_volume) > 1.3 * 0.02) ++too_long;
        asked[request.gemm].insert(request.threads);
      }
    }
    const Progress progress = planner.progress();
    // Only before it was known how fast the machine is.
    EXPECT_LT(too_long, 60);
    EXPECT_EQ(progress.settled, progress.gemms);
    EXPECT_GT(progress.settled, 50U);
    if (seconds_per_volume < 5e-11) {
      EXPECT_EQ(too_long, 0);
    } else {
      EXPECT_GT(progress.left_alone, 0U);
    }
    const auto measured = planner.measured();
    EXPECT_GE(measured.size(), progress.settled);
    for (const auto& curve : measured) EXPECT_EQ(curve.points.size(), 4U) << describe(curve.gemm);
  }
}

TEST(Planner, AsksAgainForWhatWasDiscarded) {
  DividedWork machine;
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{}, {.budget_seconds = 100});
  const auto first = planner.next(0.05);
  ASSERT_GT(first.size(), 4U);
  planner.discard(first, 0.05);
  // More often than a gemm may bring nothing before it is given up.
  for (int i = 1; i < 50; ++i) planner.discard(planner.next(0.05), 0.05);
  const Progress progress = planner.progress();
  EXPECT_EQ(progress.settled, 0U);
  EXPECT_EQ(progress.bursts, progress.disturbed);
  EXPECT_GE(progress.disturbed, 50);
  EXPECT_NEAR(progress.spent_seconds, 2.5, 1e-9);
  EXPECT_EQ(planner.next(0.05), first);
  EXPECT_TRUE(planner.measured().empty());
}

TEST(Planner, WhatIsDiscardedNowAndThenDoesNotChangeWhatIsFound) {
  std::vector<std::vector<Curve>> found;
  for (const int every : {0, 3}) {
    DividedWork machine;
    machine.noise.burst_deviation = 0;
    Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, Table{}, {.budget_seconds = 1e9});
    int slices = 0;
    for (auto requests = planner.next(0.1); !requests.empty(); requests = planner.next(0.1)) {
      if (every != 0 && ++slices % every == 0) {
        planner.discard(requests, 0.1);
      } else {
        machine.answer(planner, requests);
      }
    }
    EXPECT_EQ(planner.progress().settled, planner.progress().gemms);
    found.push_back(planner.measured());
  }
  ASSERT_EQ(found[0].size(), found[1].size());
  for (std::size_t i = 0; i < found[0].size(); ++i) {
    EXPECT_EQ(best_threads(found[0][i], 2, 0.02), best_threads(found[1][i], 2, 0.02));
  }
}

TEST(Planner, RacesLosersOut) {
  const Outcome run = simulate({.burst_deviation = 0.05}, 200);
  std::int64_t best_bursts = 0;
  std::int64_t worst_bursts = 0;
  for (const auto& curve : run.table.curves) {
    const auto* best = curve.find(best_threads(curve, 4, 0));
    const auto* worst =
        &*std::ranges::max_element(curve.points, {}, [](const auto& p) { return p.seconds.mean(); });
    if (worst->seconds.mean() < 1.5 * best->seconds.mean()) continue;
    best_bursts += best->seconds.count();
    worst_bursts += worst->seconds.count();
  }
  EXPECT_GT(best_bursts, worst_bursts);
}

TEST(Planner, ThrowsDisturbedBurstsAwayAndCountsThem) {
  const Outcome run = simulate({.burst_deviation = 0.05, .disturbed_share = 0.3, .lost_share = 0.1}, 30);
  EXPECT_GT(run.progress.disturbed, run.progress.bursts / 5);
  EXPECT_GT(run.progress.lost, run.progress.bursts / 20);
  std::int64_t kept = 0;
  std::int64_t disturbed = 0;
  for (const auto& curve : run.table.curves) {
    disturbed += curve.disturbed;
    for (const auto& point : curve.points) kept += point.seconds.count();
  }
  EXPECT_EQ(kept + run.progress.disturbed + run.progress.lost, run.progress.bursts);
  EXPECT_LE(disturbed, run.progress.disturbed);
}

TEST(Planner, EndsWhenNothingCanBeMeasured) {
  const Outcome run = simulate({.lost_share = 1}, 1e9);
  EXPECT_TRUE(run.table.curves.empty());
  EXPECT_EQ(run.progress.lost, run.progress.bursts);
}

TEST(Planner, NoChoiceRestsOnOneLuckyBurst) {
  const Outcome run = simulate({.burst_deviation = 0.5}, 60);
  ASSERT_EQ(run.progress.settled, run.progress.gemms);
  for (const auto& curve : run.table.curves) {
    const int best = best_threads(curve, 4, 0);
    EXPECT_GE(curve.find(best)->seconds.count(), 3) << describe(curve.gemm);
  }
}

TEST(Planner, TheSameSeedAsksTheSameQuestions) {
  const Outcome one = simulate({.burst_deviation = 0.2}, 5);
  const Outcome other = simulate({.burst_deviation = 0.2}, 5);
  EXPECT_EQ(one.table, other.table);
}

TEST(Planner, AnObserverCanStopItAndKeepsWhatWasMeasured) {
  ManualClock clock;
  SimulatedProber prober(formula_seconds, {}, clock);
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, Table{}, {});
  int calls = 0;
  EXPECT_TRUE(run_tune(planner, prober, clock, [&](const Progress&) { return ++calls < 3; }).ok());
  EXPECT_EQ(calls, 3);
  EXPECT_FALSE(planner.measured().empty());
}

// Every stretch takes a quarter of a second of its clock.
class SlowProber final : public Prober {
 public:
  explicit SlowProber(ManualClock& clock) : clock_(clock) {}
  Result<std::vector<std::optional<BurstResult>>> run(std::span<const BurstRequest> requests) override {
    ++stretches;
    clock_.advance(0.25);
    std::vector<std::optional<BurstResult>> results;
    for (const auto& request : requests) {
      BurstResult result;
      result.seconds.assign(static_cast<std::size_t>(request.calls),
                            formula_seconds(request.gemm, request.threads));
      results.emplace_back(std::move(result));
    }
    return results;
  }
  int stretches = 0;

 private:
  ManualClock& clock_;
};

TEST(TuneRun, WhatPassesBetweenStretchesIsSpentToo) {
  ManualClock clock;
  SimulatedProber prober(formula_seconds, {}, clock);
  PlannerOptions options;
  options.budget_seconds = 5;
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2, 3, 4}, Table{}, options);
  const double begun = clock.monotonic_seconds();
  // As long as thinking of what to measure next would take.
  const auto think = [&clock](const Progress&) {
    clock.sleep(0.2);
    return true;
  };
  EXPECT_TRUE(run_tune(planner, prober, clock, think).ok());
  EXPECT_NEAR(planner.progress().spent_seconds, clock.monotonic_seconds() - begun, 0.25);
  EXPECT_LT(clock.monotonic_seconds() - begun, 6);
}

TEST(TuneRun, RestsNowAndThenAndCountsItAsSpent) {
  ManualClock clock;
  SlowProber prober(clock);
  Planner planner(make_plan(plan_options(), pthread_build()), {1, 2}, Table{}, {});
  double rested_early = -1;
  EXPECT_TRUE(run_tune(planner, prober, clock, [&](const Progress&) {
                if (prober.stretches == 3) rested_early = clock.monotonic_seconds() - 0.25 * 3;
                return prober.stretches < 31;
              }).ok());
  ASSERT_EQ(prober.stretches, 31);
  EXPECT_EQ(rested_early, 0);
  // Ten rests of more than a tenth of a second.
  EXPECT_NEAR(clock.monotonic_seconds() - 0.25 * 31, 1.5, 0.3);
  EXPECT_NEAR(planner.progress().spent_seconds, clock.monotonic_seconds(), 1e-9);
}

}  // namespace
}  // namespace blastune::testing
