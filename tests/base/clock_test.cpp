// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.h"

#include <gtest/gtest.h>

#include <limits>

namespace blastune {
namespace {

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
  SystemClock clock;
  const double start = clock.monotonic_seconds();
  clock.sleep(0.01);
  EXPECT_GE(clock.monotonic_seconds() - start, 0.01);
}

TEST(SystemClock, DoesNotSleepForWhatIsNoTime) {
  SystemClock clock;
  clock.sleep(-1e9);
  clock.sleep(0);
  clock.sleep(std::numeric_limits<double>::quiet_NaN());
}

TEST(SystemClock, WhatPassedIsNeverLessThanWhatWasAwake) {
  SystemClock clock;
  const double awake = clock.monotonic_seconds();
  EXPECT_GE(clock.passed_seconds(), awake);
}

TEST(ManualClock, SuspensionPassesButIsNotAwake) {
  ManualClock clock;
  clock.advance(2);
  clock.suspend(3600);
  EXPECT_EQ(clock.monotonic_seconds(), 2);
  EXPECT_EQ(clock.passed_seconds(), 3602);
  EXPECT_EQ(clock.unix_seconds(), 1'700'003'602);
  clock.step_unix(-7200);
  EXPECT_EQ(clock.passed_seconds(), 3602);
}

TEST(ManualClock, SleepingMovesIt) {
  ManualClock clock;
  clock.sleep(2);
  clock.sleep(-1);
  EXPECT_EQ(clock.monotonic_seconds(), 2);
  EXPECT_EQ(clock.unix_seconds(), 1'700'000'002);
}

}  // namespace
}  // namespace blastune
