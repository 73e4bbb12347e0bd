// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/recording.h"

#include <gtest/gtest.h>

#include "tuner/recorded_table.h"
#include "tuner/replay_prober.h"

namespace blastune {
namespace {

const Gemm small_gemm{DType::f32, Transpose::none, Transpose::none, 100, 200, 300};
const Gemm large_gemm{DType::f32, Transpose::none, Transpose::none, 1000, 2000, 3000};

// The first call of each pair is cold, as in the field.
std::vector<Measurement> measurements() {
  return {{large_gemm, 1, 9},   {small_gemm, 1, 5},   {small_gemm, 2, 4},   {small_gemm, 1, 1.0},
          {small_gemm, 2, 0.6}, {small_gemm, 1, 1.2}, {small_gemm, 1, 1.1}, {small_gemm, 1, 8.0}};
}

std::vector<double> values(std::span<const double> calls) {
  return {calls.begin(), calls.end()};
}

TEST(Recording, LeavesOutTheFirstCallOfAPairWhereAnotherFollows) {
  const Recording recording(measurements());
  EXPECT_EQ(recording.rows(), 8U);
  EXPECT_EQ(recording.left_out(), 2U);
  EXPECT_EQ(values(recording.calls(small_gemm, 1)), (std::vector<double>{1.0, 1.2, 1.1, 8.0}));
  EXPECT_EQ(values(recording.calls(small_gemm, 2)), (std::vector<double>{0.6}));
  EXPECT_EQ(values(recording.calls(large_gemm, 1)), (std::vector<double>{9}));
  EXPECT_TRUE(recording.left_out(small_gemm, 1));
  EXPECT_FALSE(recording.left_out(large_gemm, 1));
}

TEST(Recording, NamesItsGemmsAndCounts) {
  const Recording recording(measurements());
  EXPECT_EQ(recording.gemms(), (std::vector<Gemm>{small_gemm, large_gemm}));
  EXPECT_EQ(recording.counts(), (std::vector<int>{1, 2}));
  EXPECT_TRUE(recording.calls(large_gemm, 2).empty());
  EXPECT_TRUE(recording.calls(small_gemm, 7).empty());
}

TEST(Recording, OfNothingHoldsNothing) {
  const Recording recording({});
  EXPECT_TRUE(recording.gemms().empty());
  EXPECT_TRUE(recording.counts().empty());
}

TEST(ReplayProber, HandsOutTheRecordedCallsInTheirOrder) {
  const Recording recording(measurements());
  ManualClock clock;
  ReplayProber prober(recording, clock);
  const BurstRequest two_calls{small_gemm, 1, 1, 2};
  const std::vector<BurstRequest> requests{two_calls, two_calls, two_calls, {small_gemm, 2, 1, 5}};
  const auto results = prober.run(requests);
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0]->seconds, (std::vector<double>{1.0, 1.2}));
  EXPECT_EQ((*results)[1]->seconds, (std::vector<double>{1.1, 8.0}));
  EXPECT_FALSE((*results)[2].has_value());
  EXPECT_EQ((*results)[3]->seconds, (std::vector<double>{0.6}));
  EXPECT_EQ(prober.used(), 5);
  EXPECT_EQ(prober.passed_over(), 2U);
  EXPECT_DOUBLE_EQ(clock.monotonic_seconds(), 1.0 + 1.2 + 1.1 + 8.0 + 0.6);
  EXPECT_FALSE(is_disturbed(two_calls, (*results)[0]->context));
}

TEST(ReplayProber, HasNothingOfWhatWasNotRecorded) {
  const Recording recording(measurements());
  ManualClock clock;
  ReplayProber prober(recording, clock);
  const std::vector<BurstRequest> requests{{large_gemm, 2, 1, 1}};
  const auto results = prober.run(requests);
  ASSERT_TRUE(results.ok());
  EXPECT_FALSE((*results)[0].has_value());
  EXPECT_EQ(prober.used(), 0);
}

TEST(RecordedTable, IsOfAMachineWithAsManyProcessorsAsTheLargestCount) {
  const Table table = table_of_recorded_machine(Recording(measurements()), "node7.csv", "imported");
  EXPECT_EQ(table.machine.processors, 2);
  EXPECT_EQ(table.default_threads, 2);
  EXPECT_EQ(table.build.max_threads, 2);
  EXPECT_EQ(table.machine.cpu_model, "recorded in node7.csv");
  EXPECT_TRUE(table.curves.empty());
}

TEST(RecordedTable, CountsMediansOfThreeCalls) {
  const Recording recording(measurements());
  Table table = table_of_recorded_machine(recording, "node7.csv", "imported");
  put_recording(table, recording);
  ASSERT_EQ(table.curves.size(), 2U);
  const Moments& seconds = table.find(small_gemm)->find(1)->seconds;
  EXPECT_EQ(seconds.count(), 2);
  EXPECT_DOUBLE_EQ(seconds.mean(), (1.1 + 8.0) / 2);
}

TEST(RecordedTable, TheSameRecordingTwiceCountsOnce) {
  const Recording recording(measurements());
  Table table = table_of_recorded_machine(recording, "node7.csv", "imported");
  put_recording(table, recording);
  const Table once = table;
  put_recording(table, recording);
  EXPECT_EQ(table, once);
}

}  // namespace
}  // namespace blastune
