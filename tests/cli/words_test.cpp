// SPDX-License-Identifier: BSD-3-Clause
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/exit_status.h"
#include "cli/format.h"
#include "cli/plan_choice.h"
#include "cli/spelling.h"
#include "cli/sweep.h"
#include "cli/whole_pass.h"
#include "store/config_location.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

TEST(Format, TimesHaveThreeDigitsAndTheFittingUnit) {
  EXPECT_EQ(seconds_text(1.0634e-3), "1.06 ms");
  EXPECT_EQ(seconds_text(72e-6), "72.0 us");
  EXPECT_EQ(seconds_text(150e-9), "150 ns");
  EXPECT_EQ(seconds_text(18.44), "18.4 s");
  EXPECT_EQ(seconds_text(0.9996), "1.00 s");
  EXPECT_EQ(seconds_text(0), "0.00 ns");
  EXPECT_EQ(count_text(1, "thread"), "1 thread");
  EXPECT_EQ(count_text(2, "thread"), "2 threads");
  EXPECT_EQ(age_text(90), "90 seconds");
  EXPECT_EQ(age_text(7200 * 2), "4 hours");
  EXPECT_EQ(age_text(-5), "0 seconds");
  EXPECT_EQ(age_text(86400 * 3), "3 days");
}

TEST(Format, OfManyCountsShowsPowersOfTwoTheBestAndTheLargest) {
  EXPECT_EQ(counts_to_show({1, 3, 5}, 3), (std::vector<int>{1, 3, 5})) << "few: all of them";
  std::vector<int> many;
  for (int count = 1; count <= 23; ++count) many.push_back(count);
  EXPECT_EQ(counts_to_show(many, 11), (std::vector<int>{1, 2, 4, 8, 11, 16, 23}));
  EXPECT_EQ(counts_to_show(many, 0), (std::vector<int>{1, 2, 4, 8, 16, 23}));
}

TEST(Spelling, SlipsAreRecognisedAndOtherWordsAreNot) {
  const std::vector<std::string> verbs{"recommend", "tune", "show", "sweep"};
  EXPECT_EQ(edit_distance("recomend", "recommend"), 1U);
  EXPECT_EQ(edit_distance("tnue", "tune"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(probably_meant("recomend", verbs), "recommend");
  EXPECT_EQ(probably_meant("tnue", verbs), "tune");
  EXPECT_FALSE(probably_meant("frobnicate", verbs));
  EXPECT_FALSE(probably_meant("x", verbs));
}

TEST(ConfigLocation, AnInstallationOfItsOwnKeepsToItself) {
  const TemporaryDirectory directory;
  RealFileSystem files;
  const std::string program = directory.path() + "/bin/blastune";
  EXPECT_EQ(config_directory_of(program, files), "/etc/blastune");
  std::filesystem::create_directories(directory.path() + "/etc/blastune");
  std::ofstream(directory.path() + "/etc/blastune/blastune.json") << "{}";
  EXPECT_EQ(config_directory_of(program, files), directory.path() + "/etc/blastune");
  EXPECT_EQ(config_directory_of("", files), "/etc/blastune");
  EXPECT_TRUE(running_program().ends_with("cli_test"));
}

TEST(ExitStatus, EveryKindOfFailureHasOne) {
  EXPECT_EQ(status_of({ErrorKind::usage, "", "", 0}), 2);
  EXPECT_EQ(status_of({ErrorKind::interrupted, "", "", 0}), 130);
  EXPECT_EQ(status_of({ErrorKind::not_found, "", "", 0}), 1);
  EXPECT_EQ(table_status_of({ErrorKind::not_found, "", "", 0}), 3);
  EXPECT_EQ(table_status_of({ErrorKind::foreign, "", "", 0}), 4);
  EXPECT_EQ(table_status_of({ErrorKind::invalid_data, "", "", 0}), 1);
}

TEST(PlanChoice, AskedGemmsThatTakeTooLongAreMeasuredSmaller) {
  const Gemm small{DType::f64, Transpose::none, Transpose::none, 100, 500, 784};
  EXPECT_EQ(plan_of({small}, 2).grid, std::vector<Gemm>{small});
  const Gemm huge{DType::f64, Transpose::none, Transpose::none, max_dimension, max_dimension, max_dimension};
  const auto plan = plan_of({huge}, 30);
  ASSERT_EQ(plan.grid.size(), 1U);
  EXPECT_LE(flops(plan.grid[0]) * 60, 6e9);
  EXPECT_TRUE(check_dimensions(plan.grid[0]).ok());
}

// A table in which two threads halve large multiplies and lose on small ones.
Advisor small_advisor() {
  Table table;
  table.build.threading = Threading::pthread;
  table.default_threads = 2;
  for (const std::int64_t batch : {10, 100, 1000}) {
    for (const Layer layer : {Layer{784, 100}, Layer{100, 50}}) {
      Curve curve;
      curve.gemm = layer_gemm(layer, batch, DType::f64, Pass::forward, Layout::features_by_batch);
      const double one = volume(curve.gemm) * 1e-10;
      curve.at(1).seconds.add(one);
      curve.at(2).seconds.add(one / 2 + 1e-4);
      table.add(curve);
    }
  }
  return Advisor(table);
}

TEST(WholePass, SumsItsLayersAndFindsTheBestConstant) {
  const Advisor advisor = small_advisor();
  std::vector<Gemm> gemms;
  for (const auto& layer : layers_of({{784, 100, 50}})) {
    gemms.push_back(layer_gemm(layer, 1000, DType::f64, Pass::forward, Layout::features_by_batch));
  }
  const PassTimes times = pass_times(advisor, gemms, {1, 2, 4}, 2, 0.02);
  ASSERT_EQ(times.layers.size(), 2U);
  EXPECT_EQ(times.best_constant.threads, 2);
  EXPECT_LE(times.advised_seconds, times.best_constant.seconds * 1.0001);
  ASSERT_EQ(times.constants.size(), 2U);  // none above the limit
  EXPECT_EQ(times.constants.back(), times.best_constant);
  EXPECT_GT(times.constants.front().seconds, times.best_constant.seconds);
  EXPECT_EQ(pass_times(advisor, gemms, {1, 2}, 1, 0.02).best_constant.threads, 1);
  const BestBatch best = best_batch(advisor, {{784, 100, 50}}, DType::f64, Pass::forward,
                                    Layout::features_by_batch, 500, {10, 1000}, 2, 0.02);
  EXPECT_GE(best.batch, 10);
  EXPECT_LE(best.batch, 1000);
  EXPECT_GT(best.seconds_per_sample, 0);
}

TEST(WholePass, IsMeasuredOnlyWhereEveryLayerWas) {
  const Advisor advisor = small_advisor();
  const auto basis_at = [&](std::int64_t batch, const Network& network) {
    std::vector<Gemm> gemms;
    for (const auto& layer : layers_of(network)) {
      gemms.push_back(layer_gemm(layer, batch, DType::f64, Pass::forward, Layout::features_by_batch));
    }
    return pass_times(advisor, gemms, {1, 2}, 2, 0.02).best_constant.basis;
  };
  EXPECT_EQ(basis_at(100, {{784, 100, 50}}), Basis::measured);
  EXPECT_EQ(basis_at(101, {{784, 100, 50}}), Basis::interpolated);
  EXPECT_EQ(basis_at(100, {{784, 100, 50, 40}}), Basis::interpolated);
  const auto best_at = [&](std::int64_t from, std::int64_t to) {
    return best_batch(advisor, {{784, 100, 50}}, DType::f64, Pass::forward, Layout::features_by_batch, from,
                      {from, to}, 2, 0.02);
  };
  EXPECT_EQ(best_at(100, 100).basis, Basis::measured);
  EXPECT_EQ(best_at(101, 101).basis, Basis::interpolated);
  EXPECT_TRUE(best_at(100, 100).is_largest);
}

TEST(Sweep, EveryRepetitionHoldsEachPassOnceInLayerOrder) {
  const SweepSetup setup{{{784, 100, 10}}, DType::f32, {50, 100}, {1, 2}};
  Rng rng(1);
  const auto passes = sweep_passes(setup, rng);
  ASSERT_EQ(passes.size(), 4U);
  SweepTimes times;
  for (const auto& pass : passes) {
    ASSERT_EQ(pass.size(), 2U);
    EXPECT_EQ(pass[0].gemm.k, 784);
    EXPECT_EQ(pass[1].gemm.k, 100);
    EXPECT_EQ(pass[0].threads, pass[1].threads);
    std::vector<std::optional<BurstResult>> results(2);
    for (auto& result : results) result = BurstResult{{1e-3 * static_cast<double>(pass[0].threads)}, {}};
    times.add(pass, results);
    results[1].reset();
    times.add(pass, results);
  }
  EXPECT_EQ(times.left_out(), 4);
  EXPECT_EQ(times.calls().size(), 8U);
  EXPECT_DOUBLE_EQ(times.find(50, 2)->mean(), 4e-3);
  EXPECT_EQ(times.find(50, 3), nullptr);
  EXPECT_NE(sweep_text(setup, times).find("4 runs left out"), std::string::npos);
}

}  // namespace
}  // namespace blastune
