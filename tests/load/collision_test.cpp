// SPDX-License-Identifier: BSD-3-Clause
#include "load/collision.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

TEST(Collision, OnlyMuchLongerThanExpectedIsSuspicious) {
  EXPECT_FALSE(is_suspicious(100e-6, 100e-6));
  EXPECT_FALSE(is_suspicious(180e-6, 50e-6));  // harmless things take that long
  EXPECT_FALSE(is_suspicious(14e-3, 10e-3));
  EXPECT_TRUE(is_suspicious(3e-3, 50e-6));
  EXPECT_TRUE(is_suspicious(20e-3, 10e-3));
}

TEST(Collision, WaitsMustExplainIt) {
  EXPECT_FALSE(lacking_processors(4, 3e-3, 1e-3, 0, 3e-3));
  EXPECT_FALSE(lacking_processors(4, 3e-3, 1e-3, 0.9e-3, 3e-3));
  EXPECT_FALSE(lacking_processors(4, 0, 0, 1, 0));
  EXPECT_FALSE(lacking_processors(4, 3e-3, 1e-3, -1, 3e-3));
  const auto one = lacking_processors(4, 4e-3, 1e-3, 4e-3, 4e-3);
  ASSERT_TRUE(one);
  EXPECT_DOUBLE_EQ(*one, 1);
  const auto several = lacking_processors(4, 4e-3, 1e-3, 12e-3, 4e-3);
  ASSERT_TRUE(several);
  EXPECT_DOUBLE_EQ(*several, 3);
}

// Of a process with many other threads, or before the call began.
TEST(Collision, WaitsOfOtherThreadsAreNotAllOfThisCall) {
  const auto lacking = lacking_processors(8, 1.5e-3, 1e-3, 60e-3, 1.5e-3);
  ASSERT_TRUE(lacking);
  EXPECT_NEAR(*lacking, 8.0 / 3, 1e-9);
  EXPECT_LE(*lacking_processors(2, 3e-3, 1e-3, 1, 3e-3), 2);
}

// Something always runs for a moment, and a cold cache must not be blamed on what ran long before.
TEST(Collision, AWaitNowAndThenIsNobody) {
  EXPECT_FALSE(lacking_processors(2, 0.5e-3, 0.1e-3, 1e-3, 0.1));
  EXPECT_TRUE(lacking_processors(2, 0.5e-3, 0.1e-3, 1e-3, 5e-3));
  EXPECT_TRUE(lacking_processors(2, 3e-3, 0.1e-3, 30e-3, 0.1));
  // Within the call itself it is not taken off.
  EXPECT_TRUE(lacking_processors(8, 0.1, 0.05, 0.03, 0.1));
}

}  // namespace
}  // namespace blastune
