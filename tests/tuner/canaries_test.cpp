// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/canaries.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>
#include <string>

#include "base/clock.h"
#include "tuner/plan.h"
#include "tuner/planner.h"
#include "tuner/simulated_prober.h"

namespace blastune {
namespace {

const std::vector<int> counts{1, 2, 3, 4};

Build pthread_build() {
  Build build;
  build.threading = Threading::pthread;
  return build;
}

Plan two_type_plan() {
  PlanOptions options;
  options.networks = {{{784, 100, 50, 10}}};
  options.passes = {Pass::forward};
  options.threads = counts.back();
  options.grid_shapes = 8;
  return make_plan(options, pthread_build());
}

double formula_seconds(const Gemm& gemm, int threads) {
  return volume(gemm) * 1e-10 / threads + 2e-5 * (threads - 1);
}

// A machine on which several threads take up to twice as long for as long as they keep running: from one rest
// to the next, or for as long as the whole check.
class TwoStates {
 public:
  using Formula = std::function<double(const Gemm&, int threads)>;

  TwoStates(std::uint64_t seed, double factor, Formula formula = formula_seconds)
      : factor_(factor),
        formula_(std::move(formula)),
        rng_(seed),
        prober_([this](const Gemm& gemm,
                       int threads) { return formula_(gemm, threads) * (threads > 1 ? state_ : 1); },
                {.burst_deviation = 0.08, .call_deviation = 0.03, .seed = seed}, clock_) {}

  void rest() {
    if (!stuck_) state_ = rng_.uniform() < 0.6 ? factor_ : 1;
  }
  void stay_in_one_state() {
    rest();
    stuck_ = true;
  }

  template <class Asking>
  void work(Asking& asking, double slice) {
    for (auto requests = asking.next(slice); !requests.empty(); requests = asking.next(slice)) {
      rest();
      const double start = clock_.monotonic_seconds();
      const auto results = prober_.run(requests);
      asking.record(requests, *results, clock_.monotonic_seconds() - start);
    }
  }

  Table tuned(double budget, std::uint64_t seed) {
    Table table;
    table.build = pthread_build();
    Planner planner(two_type_plan(), counts, table, {.budget_seconds = budget, .seed = seed});
    work(planner, 0.25);
    for (const auto& curve : planner.measured()) table.add(curve);
    return table;
  }

 private:
  double factor_;
  double state_ = 1;
  bool stuck_ = false;
  Formula formula_;
  Rng rng_;
  ManualClock clock_;
  SimulatedProber prober_;
};

// The share of checks of eight canaries that find any drift on a machine that has become as told.
struct Checks {
  double factor = 1;
  double tune_seconds = 20;
  TwoStates::Formula now = formula_seconds;
  bool stuck = false;
  int tables = 10;
  int checks_each = 40;

  [[nodiscard]] double share_that_find() const {
    int found = 0;
    Table table;
    for (int i = 0; i < tables * checks_each; ++i) {
      const auto seed = static_cast<std::uint64_t>(i) + 1;
      if (i % checks_each == 0) table = TwoStates(seed, factor).tuned(tune_seconds, seed);
      TwoStates machine(seed + 1'000'000, factor, now);
      if (stuck) machine.stay_in_one_state();
      const auto canaries = choose_canaries(table, counts, 8, 0.05, seed);
      EXPECT_EQ(canaries.size(), 8U);
      CanaryCheck check(table, counts, canaries, {.seed = seed});
      machine.work(check, 0.1);
      EXPECT_TRUE(check.finished());
      const auto verdict = check.verdict();
      EXPECT_TRUE(verdict.undecided.empty());
      EXPECT_EQ(verdict.sound.size() + verdict.drifted.size(), 8U);
      found += static_cast<int>(!verdict.drifted.empty());
    }
    return static_cast<double>(found) / (tables * checks_each);
  }
};

TEST(Canaries, AnUnchangedMachineWithTwoStatesHardlyEverAlarms) {
  for (const double factor : {1.0, 1.6, 2.0}) {
    for (const double tune_seconds : {4.0, 20.0}) {
      for (const bool stuck : {false, true}) {
        const Checks checks{.factor = factor, .tune_seconds = tune_seconds, .stuck = stuck};
        EXPECT_LT(checks.share_that_find(), 0.01) << factor << ' ' << tune_seconds << ' ' << stuck;
      }
    }
  }
}

TEST(Canaries, FindWhatReallyChanged) {
  struct Change {
    const char* what;
    TwoStates::Formula now;
    double largest_factor = 2;  // between the states: above it the change is too much like another state
  };
  const std::vector<Change> changes{
      {"each thread costs three times as much to start",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, threads) + 4e-5 * (threads - 1); },
       1.3},
      {"each thread costs six times as much to start",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, threads) + 1e-4 * (threads - 1); }},
      {"several threads take three times as long",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, threads) * (threads > 1 ? 3 : 1); }},
      {"all counts take twice as long",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, threads) * 2; }},
      {"all counts take half as long",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, threads) / 2; }},
      {"the work is no longer divided, and one thread is best everywhere",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, 1) + 2e-5 * (threads - 1); }},
      {"threads cost nothing to start any more, and four are best everywhere",
       [](const Gemm& gemm, int threads) { return formula_seconds(gemm, 1) / threads; }},
  };
  for (const auto& change : changes) {
    for (const double factor : {1.0, 1.3, 1.6, 2.0}) {
      if (factor > change.largest_factor) continue;
      const Checks checks{.factor = factor, .now = change.now, .tables = 5};
      EXPECT_GT(checks.share_that_find(), 0.95) << change.what << ", states " << factor;
    }
  }
}

class CanaryCheckTest : public testing::Test {
 protected:
  static std::vector<std::optional<BurstResult>> answers(const std::vector<BurstRequest>& requests) {
    std::vector<std::optional<BurstResult>> results;
    for (const auto& request : requests) {
      BurstResult result;
      result.seconds.assign(static_cast<std::size_t>(request.calls),
                            formula_seconds(request.gemm, request.threads));
      results.emplace_back(std::move(result));
    }
    return results;
  }
  CanaryCheck check(std::size_t wanted, std::uint64_t seed = 1) {
    return {table_, counts, choose_canaries(table_, counts, wanted, 0.05, seed), {.seed = seed}};
  }

  Table table_ = TwoStates(1, 1).tuned(20, 1);
};

TEST_F(CanaryCheckTest, BlocksAreCompleteAndEveryBurstOfACountIsInAnotherSlice) {
  for (const double slice : {10.0, 0.25, 0.03}) {
    auto checking = check(8);
    std::map<std::pair<Gemm, int>, int> bursts;
    while (true) {
      const auto requests = checking.next(slice);
      if (requests.empty()) break;
      EXPECT_FALSE(checking.finished());
      std::map<Gemm, std::set<int>> blocks;
      double seconds = 0;
      for (const auto& request : requests) {
        EXPECT_TRUE(blocks[request.gemm].insert(request.threads).second);
        ++bursts[{request.gemm, request.threads}];
        seconds += (request.warm_calls + request.calls) * formula_seconds(request.gemm, request.threads);
      }
      for (const auto& [gemm, block] : blocks) {
        EXPECT_TRUE(slice < 0.1 || block.size() == counts.size()) << describe(gemm);
      }
      EXPECT_TRUE(seconds < 1.3 * slice || requests.size() == 1) << seconds;
      checking.record(requests, answers(requests), seconds);
    }
    EXPECT_TRUE(checking.finished());
    EXPECT_EQ(bursts.size(), 8 * counts.size());
    for (const auto& [burst, number] : bursts) EXPECT_EQ(number, 5);
    EXPECT_EQ(checking.verdict().sound.size(), 8U);
  }
}

TEST_F(CanaryCheckTest, WhatIsDiscardedIsAskedAgainAndWhatIsDisturbedTakenAgain) {
  auto checking = check(4);
  const auto first = checking.next(0.05);
  checking.discard(first, 0.05);
  for (int i = 0; i < 30; ++i) checking.discard(checking.next(0.05), 0.05);
  EXPECT_EQ(checking.next(0.05), first);
  EXPECT_NEAR(checking.spent_seconds(), 31 * 0.05, 1e-9);
  EXPECT_EQ(checking.verdict().undecided.size(), 4U);
  checking.discard(first, 0);
  int slices = 0;
  for (auto requests = checking.next(0.05); !requests.empty(); requests = checking.next(0.05)) {
    auto results = answers(requests);
    if (++slices % 3 == 0) {
      for (auto& result : results) result->context = {.wall_seconds = 1, .wait_seconds = 1};
    }
    checking.record(requests, results, 0.05);
  }
  EXPECT_TRUE(checking.finished());
  const auto verdict = checking.verdict();
  ASSERT_EQ(verdict.sound.size(), 4U);
  for (const auto& curve : verdict.sound) {
    EXPECT_GT(curve.disturbed, 0);
    for (const auto& point : curve.points) EXPECT_EQ(point.seconds.count(), 5);
  }
}

TEST_F(CanaryCheckTest, EndsWithoutAVerdictOnWhatCannotBeMeasured) {
  auto checking = check(4);
  const Gemm lost = checking.next(10).front().gemm;
  auto again = check(4);
  for (auto requests = again.next(0.1); !requests.empty(); requests = again.next(0.1)) {
    auto results = answers(requests);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].gemm == lost) results[i] = std::nullopt;
    }
    again.record(requests, results, 0.1);
  }
  EXPECT_TRUE(again.finished());
  EXPECT_EQ(again.verdict().undecided, std::vector<Gemm>{lost});
  EXPECT_EQ(again.verdict().sound.size(), 3U);
}

TEST_F(CanaryCheckTest, WithoutCanariesItIsFinished) {
  CanaryCheck none(table_, counts, {}, {});
  EXPECT_TRUE(none.finished());
  EXPECT_TRUE(none.next(1).empty());
  // Not known at every count.
  CanaryCheck unknown(table_, {1, 2, 3, 4, 8}, std::vector{table_.curves.front().gemm}, {});
  EXPECT_TRUE(unknown.finished());
}

TEST_F(CanaryCheckTest, CanariesAreSpreadAndEverybodysTurnComes) {
  std::set<Gemm> seen;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    const auto canaries = choose_canaries(table_, counts, 8, 1e9, seed);
    ASSERT_EQ(canaries.size(), 8U);
    EXPECT_EQ(canaries, choose_canaries(table_, counts, 8, 1e9, seed));
    std::set<DType> types;
    for (const auto& gemm : canaries) types.insert(gemm.dtype);
    EXPECT_EQ(types.size(), 2U);
    EXPECT_EQ(std::set<Gemm>(canaries.begin(), canaries.end()).size(), 8U);
    seen.insert(canaries.begin(), canaries.end());
  }
  EXPECT_EQ(seen.size(), table_.curves.size());
  EXPECT_EQ(choose_canaries(table_, counts, 100'000, 1e9, 1).size(), table_.curves.size());
}

TEST_F(CanaryCheckTest, NoCanaryIsDearOrHalfKnown) {
  Curve partial = table_.curves.front();
  partial.gemm.m += 1;
  partial.points.pop_back();
  table_.add(partial);
  const auto canaries = choose_canaries(table_, counts, 100'000, 0.01, 1);
  EXPECT_GT(canaries.size(), 8U);
  EXPECT_LT(canaries.size(), table_.curves.size());
  for (const auto& gemm : canaries) {
    double seconds = 0;
    for (const auto& point : table_.find(gemm)->points) seconds += 2 * point.seconds.mean();
    EXPECT_LE(seconds, 0.01);
    EXPECT_NE(gemm, partial.gemm);
  }
  EXPECT_TRUE(choose_canaries(table_, counts, 8, 0, 1).empty());
  EXPECT_TRUE(choose_canaries(Table{}, counts, 8, 1, 1).empty());
}

TEST(StaleGemms, AreThoseNearerToADriftedCanaryOfTheirType) {
  const auto gemm = [](DType dtype, std::int64_t n) { return Gemm{dtype, {}, {}, 100, n, 100}; };
  Table table;
  for (const auto dtype : {DType::f32, DType::f64}) {
    for (const std::int64_t n : {10, 20, 100, 200, 1000}) table.add(Curve{gemm(dtype, n), {}, 0});
  }
  const auto stale = [&](std::vector<Gemm> sound, std::vector<Gemm> drifted) {
    return stale_gemms(table, sound, drifted);
  };
  EXPECT_TRUE(stale({gemm(DType::f64, 10)}, {}).empty());
  EXPECT_EQ(stale({gemm(DType::f64, 1000), gemm(DType::f32, 10)}, {gemm(DType::f64, 10)}),
            (std::vector{gemm(DType::f64, 20)}));
  // One of ten and one of a thousand are equally far from a hundred, which is therefore kept.
  EXPECT_EQ(stale({gemm(DType::f64, 10)}, {gemm(DType::f64, 1000)}), (std::vector{gemm(DType::f64, 200)}));
  EXPECT_EQ(stale({}, {gemm(DType::f32, 10)}).size(), 4U);
}

}  // namespace
}  // namespace blastune
