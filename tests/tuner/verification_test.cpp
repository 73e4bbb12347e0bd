// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/verification.h"

#include <gtest/gtest.h>

#include <set>

#include "model/thread_use.h"
#include "tuner/fresh_gemms.h"
#include "tuner/simulated_prober.h"
#include "tuner/verify_run.h"

namespace blastune {
namespace {

VerifiedGemm gemm_with(std::int64_t size, int advised, std::vector<double> seconds,
                       Basis basis = Basis::measured) {
  VerifiedGemm gemm;
  gemm.gemm = {DType::f64, Transpose::none, Transpose::none, size, size, size};
  gemm.advice = {advised, 1, 1, basis, 1};
  gemm.seconds = std::move(seconds);
  return gemm;
}

TEST(Verification, RegretIsTheTimeOverThatOfTheFastestCount) {
  Verification verification({1, 2, 4}, 4);
  verification.add(gemm_with(100, 2, {4, 2, 2.5}));
  verification.add(gemm_with(200, 1, {4, 2, 1}));
  EXPECT_DOUBLE_EQ(verification.of_advice().geometric_mean, 2);
  EXPECT_DOUBLE_EQ(verification.of_advice().worst, 4);
  EXPECT_DOUBLE_EQ(verification.of_default().worst, 1.25);
  EXPECT_DOUBLE_EQ(verification.of_constant(2).worst, 2);
  EXPECT_EQ(verification.best_constant(), 4);
  EXPECT_EQ(verification.worst(1).front().gemm.m, 200);
  EXPECT_EQ(verification.fastest(verification.gemms()[0]), 2);
}

TEST(Verification, PerfectAdviceHasNoRegret) {
  Verification verification({1, 2}, 2);
  for (std::int64_t size = 100; size < 110; ++size) verification.add(gemm_with(size, 1, {1, 2}));
  const RegretSummary regret = verification.of_advice();
  EXPECT_EQ(regret.gemms, 10U);
  EXPECT_DOUBLE_EQ(regret.geometric_mean, 1);
  EXPECT_DOUBLE_EQ(regret.interval.low, 1);
  EXPECT_DOUBLE_EQ(regret.interval.high, 1);
  EXPECT_DOUBLE_EQ(verification.of_default().geometric_mean, 2);
}

TEST(Verification, TellsMeasuredFromInterpolated) {
  Verification verification({1, 2}, 2);
  verification.add(gemm_with(100, 1, {1, 2}));
  verification.add(gemm_with(200, 1, {3, 2}, Basis::interpolated));
  EXPECT_DOUBLE_EQ(verification.of_advice(Basis::measured).worst, 1);
  EXPECT_DOUBLE_EQ(verification.of_advice(Basis::interpolated).worst, 1.5);
}

TEST(Verification, ACountThatWasNotMeasuredIsJudgedAsTheNextLowerOne) {
  Verification verification({1, 2, 4}, 4);
  verification.add(gemm_with(100, 4, {4, 2, 0}));
  EXPECT_DOUBLE_EQ(verification.of_advice().worst, 1);
  EXPECT_EQ(verification.best_constant(), 2) << "4 was not measured for every gemm";
  verification.add(gemm_with(200, 1, {0, 1, 1}));
  EXPECT_EQ(verification.left_out(), 1U) << "nothing is known of 1 or less";
  verification.add(gemm_with(300, 0, {1, 1, 1}));
  EXPECT_EQ(verification.left_out(), 2U);
  verification.add(gemm_with(400, 1, {1, 0, 0}));
  EXPECT_EQ(verification.left_out(), 3U) << "one count is compared with nothing";
}

TEST(Verification, ComparesWhatThreadsAreWorthWithWhatTheTableSays) {
  Verification verification({1, 2, 4}, 4);
  VerifiedGemm gemm = gemm_with(100, 1, {4, 4, 2});
  EXPECT_EQ(verification.against_one(4).gemms, 0U);
  gemm.expected_seconds = {8, 4, 2};
  verification.add(gemm);
  gemm.seconds = {1, 1, 0};
  verification.add(gemm);
  gemm.expected_seconds.clear();  // without opinion
  verification.add(gemm);
  const TimeAgainstOne two = verification.against_one(2);
  EXPECT_EQ(two.gemms, 2U);
  EXPECT_DOUBLE_EQ(two.measured, 1);
  EXPECT_DOUBLE_EQ(two.expected, 0.5);
  EXPECT_EQ(verification.against_one(4).gemms, 1U) << "of one gemm, 4 has no time";
  EXPECT_DOUBLE_EQ(verification.against_one(4).measured, 0.5);
  EXPECT_EQ(verification.against_one(3).gemms, 0U);
}

TEST(Verification, AcrossHalvesNoiseMakesNoRegret) {
  // Both counts take the same; each half has another one ahead by chance.
  Verification verification({1, 2}, 2);
  VerifiedGemm gemm = gemm_with(100, 1, {1.05, 1.0});
  gemm.even_seconds = {1.1, 0.9};
  gemm.odd_seconds = {1.0, 1.1};
  verification.add(gemm);
  const RegretSummary regret = verification.of_advice();
  EXPECT_DOUBLE_EQ(regret.geometric_mean, 1.05);
  EXPECT_LT(regret.across_halves, 1.01);
}

TEST(FreshGemms, AreAsManyAsAskedForAndTheSameForASeed) {
  PlanOptions options;
  options.networks = {{{784, 100, 50, 10}}};
  Table table;
  table.build.threading = Threading::pthread;
  const auto gemms = fresh_gemms(table, DType::f32, options, 200, 7);
  EXPECT_EQ(gemms.size(), 200U);
  EXPECT_EQ(gemms, fresh_gemms(table, DType::f32, options, 200, 7));
  EXPECT_NE(gemms, fresh_gemms(table, DType::f32, options, 200, 8));
  std::set<std::string> transposes;
  for (const auto& gemm : gemms) {
    EXPECT_FALSE(runs_on_one_thread(table.build, gemm)) << describe(gemm);
    EXPECT_EQ(gemm.dtype, DType::f32);
    transposes.insert(transpose_letters(gemm));
  }
  EXPECT_EQ(transposes.size(), 4U);
}

TEST(FreshGemms, AreNotInTheTable) {
  PlanOptions options;
  options.networks = {{{784, 100, 50, 10}}};
  Table table;
  table.build.threading = Threading::pthread;
  const auto first = fresh_gemms(table, DType::f64, options, 50, 3);
  for (const auto& gemm : first) {
    Curve curve;
    curve.gemm = gemm;
    curve.at(1).seconds.add(1);
    table.add(curve);
  }
  for (const auto& gemm : fresh_gemms(table, DType::f64, options, 50, 3))
    EXPECT_EQ(table.find(gemm), nullptr);
}

TEST(FreshGemms, AreFewerWhereThereIsNoRoom) {
  PlanOptions options;
  options.largest_size = 4;
  Table table;
  table.build.threading = Threading::pthread;
  EXPECT_TRUE(fresh_gemms(table, DType::f64, options, 5, 1).empty());
}

class VerifyRun : public ::testing::Test {
 protected:
  static double seconds_of(const Gemm& gemm, int threads) { return volume(gemm) * 1e-10 / threads + 1e-4; }

  VerifySetup setup() {
    VerifySetup setup;
    setup.counts = {1, 2};
    setup.budget_seconds = 1;
    for (std::int64_t size = 100; size < 105; ++size)
      setup.gemms.push_back({DType::f64, Transpose::none, Transpose::none, size, size, size});
    return setup;
  }
  ManualClock clock_;
};

TEST_F(VerifyRun, MeasuresEveryGemmWithEveryCountForTheBudget) {
  SimulatedProber prober(seconds_of, {}, clock_);
  const auto measured =
      measure_for_verification(setup(), prober, clock_, [](const VerifyProgress&) { return true; });
  ASSERT_TRUE(measured.ok());
  ASSERT_EQ(measured->gemms.size(), 5U);
  for (const auto& gemm : measured->gemms) {
    EXPECT_NEAR(gemm.seconds[0], seconds_of(gemm.gemm, 1), 1e-12);
    EXPECT_NEAR(gemm.odd_seconds[1], seconds_of(gemm.gemm, 2), 1e-12);
  }
  EXPECT_GE(measured->progress.spent_seconds, 1);
  EXPECT_GE(measured->progress.blocks, 20);
}

TEST_F(VerifyRun, GivesEveryGemmItsLeastBlocksWhateverTheBudget) {
  SimulatedProber prober(seconds_of, {}, clock_);
  VerifySetup hurried = setup();
  hurried.budget_seconds = 1e-9;
  const auto measured =
      measure_for_verification(hurried, prober, clock_, [](const VerifyProgress&) { return true; });
  ASSERT_TRUE(measured.ok());
  EXPECT_GE(measured->progress.blocks, hurried.least_blocks * 5);
}

TEST_F(VerifyRun, LeavesOutDisturbedBlocks) {
  SimulatedProber prober(seconds_of, {.disturbed_share = 1}, clock_);
  const auto measured =
      measure_for_verification(setup(), prober, clock_, [](const VerifyProgress&) { return true; });
  ASSERT_TRUE(measured.ok());
  EXPECT_TRUE(measured->gemms.empty());
  EXPECT_EQ(measured->progress.blocks, 0);
  EXPECT_GT(measured->progress.disturbed, 0);
}

TEST_F(VerifyRun, StopsWhenAsked) {
  SimulatedProber prober(seconds_of, {}, clock_);
  int asked = 0;
  const auto measured =
      measure_for_verification(setup(), prober, clock_, [&](const VerifyProgress&) { return ++asked < 2; });
  ASSERT_TRUE(measured.ok());
  EXPECT_EQ(asked, 2);
}

TEST(RecordedForVerification, TakesTheMedianOfWhatTheTableWasNotMadeFrom) {
  const Gemm gemm{DType::f32, Transpose::none, Transpose::none, 100, 200, 300};
  const std::vector<Measurement> calls{{gemm, 1, 9}, {gemm, 1, 1}, {gemm, 1, 2}, {gemm, 1, 4}, {gemm, 1, 6}};
  const Recording recording(calls);
  EXPECT_DOUBLE_EQ(recorded_for_verification(recording, nullptr).front().seconds[0], 3);
  Table table;
  Curve curve;
  curve.gemm = gemm;
  curve.at(1).seconds.add(1);
  table.add(curve);
  EXPECT_DOUBLE_EQ(recorded_for_verification(recording, &table).front().seconds[0], 4);
  for (int i = 0; i < 3; ++i) table.add(curve);
  EXPECT_DOUBLE_EQ(recorded_for_verification(recording, &table).front().seconds[0], 0);
}

}  // namespace
}  // namespace blastune
