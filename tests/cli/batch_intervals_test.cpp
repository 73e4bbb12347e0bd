// SPDX-License-Identifier: BSD-3-Clause
#include "cli/batch_intervals.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

Advice with(int threads) {
  Advice advice;
  advice.threads = threads;
  advice.expected_seconds = 1;
  advice.default_seconds = 1 + threads;
  return advice;
}

TEST(BatchIntervals, EndsAreExactWhereverTheyLie) {
  for (const std::int64_t change : {2, 3, 50, 51, 999, 1000, 19'999, 20'000}) {
    const auto intervals =
        batch_intervals([&](std::int64_t batch) { return with(batch < change ? 1 : 4); }, 1, 20'000);
    ASSERT_EQ(intervals.size(), 2U) << change;
    EXPECT_EQ(intervals[0].from, 1);
    EXPECT_EQ(intervals[0].to, change - 1);
    EXPECT_EQ(intervals[1].from, change);
    EXPECT_EQ(intervals[1].to, 20'000);
    EXPECT_EQ(intervals[1].threads, 4);
    EXPECT_DOUBLE_EQ(intervals[1].best_gain, 5);
  }
}

TEST(BatchIntervals, OneCountIsOneIntervalAndNoOpinionIsNone) {
  const auto same = batch_intervals([](std::int64_t) { return with(2); }, 3, 500);
  ASSERT_EQ(same.size(), 1U);
  EXPECT_EQ(same[0].from, 3);
  EXPECT_EQ(same[0].to, 500);
  EXPECT_TRUE(batch_intervals([](std::int64_t) { return Advice{}; }, 1, 500).empty());
}

}  // namespace
}  // namespace blastune
