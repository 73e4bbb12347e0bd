// SPDX-License-Identifier: BSD-3-Clause
#include "model/work_division.h"

#include <gtest/gtest.h>

#include "model/rng.h"

namespace blastune {
namespace {

TEST(WorkDivision, CutsAsTheLibraryIsKnownTo) {
  // A layer of 10 neurons in double precision, 500 samples: too few rows for five parts of four.
  EXPECT_EQ(divide_work(10, 500, 5, 4), (WorkDivision{1, 4}));
  // 50 neurons in single precision: 7 threads make 3 x 2 blocks.
  EXPECT_EQ(divide_work(50, 500, 7, 8), (WorkDivision{3, 2}));
  // On SkylakeX, of twice the ratio, 5 threads make 4 blocks.
  EXPECT_EQ(divide_work(50, 500, 5, 16), (WorkDivision{1, 4}));
}

TEST(WorkDivision, TwoThreadsCutTheLongerSide) {
  EXPECT_EQ(divide_work(1000, 100, 2, 4), (WorkDivision{2, 1}));
  EXPECT_EQ(divide_work(100, 1000, 2, 4), (WorkDivision{1, 2}));
}

TEST(WorkDivision, ASmallResultIsNotCut) {
  EXPECT_EQ(divide_work(7, 3, 64, 4), (WorkDivision{1, 1}));
}

TEST(WorkDivision, OddCountsCutStripsAndEvenOnesBlocks) {
  EXPECT_EQ(divide_work(1000, 1000, 5, 4), (WorkDivision{5, 1}));
  EXPECT_EQ(divide_work(1000, 1000, 4, 4), (WorkDivision{2, 2}));
}

TEST(WorkDivision, NeverUsesMoreThreadsThanWereGivenAndLeavesNoPartEmpty) {
  Rng rng(1);
  for (int i = 0; i < 20'000; ++i) {
    const auto m = static_cast<std::int64_t>(1 + rng.below(3000));
    const auto n = static_cast<std::int64_t>(1 + rng.below(3000));
    const int threads = static_cast<int>(1 + rng.below(384));
    const int ratio = 1 << (1 + rng.below(4));
    const WorkDivision division = divide_work(m, n, threads, ratio);
    ASSERT_GE(division.rows, 1);
    ASSERT_GE(division.columns, 1);
    ASSERT_LE(division.threads(), threads) << m << " x " << n << " over " << threads << ", " << ratio;
    ASSERT_LE(division.rows, m);
    ASSERT_LE(division.columns, n);
  }
}

}  // namespace
}  // namespace blastune
