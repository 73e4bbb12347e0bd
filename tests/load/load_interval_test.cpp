// SPDX-License-Identifier: BSD-3-Clause
#include "load/load_interval.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/rng.h"

namespace blastune {
namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
constexpr double no_number = std::numeric_limits<double>::quiet_NaN();

// A machine whose processors are all as busy.
LoadReading reading_at(double seconds, int processors, double busy_each, double steal_each = 0) {
  LoadReading reading;
  reading.monotonic_seconds = seconds;
  for (int number = 0; number < processors; ++number) {
    reading.processors.push_back({number, busy_each, 0, steal_each, std::nullopt});
  }
  return reading;
}

TEST(LoadInterval, OthersUseWhatIsBusyLessOurOwn) {
  for (const int processors : {1, 2, 64, 192}) {
    const LoadReading before = reading_at(100, processors, 50, 3);
    const LoadReading after = reading_at(102, processors, 51, 3.5);
    const LoadInterval load = load_between(before, after, 0.25 * processors);
    EXPECT_DOUBLE_EQ(load.seconds, 2);
    EXPECT_EQ(load.processors, processors);
    EXPECT_DOUBLE_EQ(load.used_by_others, 0.375 * processors);
    EXPECT_DOUBLE_EQ(load.steal, 0.25 * processors);
  }
}

TEST(LoadInterval, WhatIsNotToldIsNotSaid) {
  const LoadInterval load = load_between(reading_at(0, 2, 0), reading_at(1, 2, 1), 0);
  EXPECT_FALSE(load.waiting_share);
  EXPECT_FALSE(load.runnable);
  EXPECT_FALSE(load.quota_throttled);
  EXPECT_FALSE(load.thermally_throttled);
  EXPECT_EQ(load.power, Power::unknown);
}

TEST(LoadInterval, PressureNeedsBothReadings) {
  LoadReading before = reading_at(0, 2, 0);
  LoadReading after = reading_at(2, 2, 0);
  after.waiting_seconds = 5;
  EXPECT_FALSE(load_between(before, after, 0).waiting_share);
  before.waiting_seconds = 4.5;
  EXPECT_DOUBLE_EQ(load_between(before, after, 0).waiting_share.value(), 0.25);
  before.waiting_seconds = 9;
  EXPECT_EQ(load_between(before, after, 0).waiting_share, 0);
  before.waiting_seconds = 0;
  EXPECT_EQ(load_between(before, after, 0).waiting_share, 1);
}

TEST(LoadInterval, RunnableAndPowerAreOfTheEnd) {
  LoadReading before = reading_at(0, 2, 0);
  LoadReading after = reading_at(1, 2, 0);
  before.runnable = 9;
  before.power = Power::mains;
  after.runnable = 2;
  after.power = Power::battery;
  const LoadInterval load = load_between(before, after, 0);
  EXPECT_EQ(load.runnable, 2);
  EXPECT_EQ(load.power, Power::battery);
}

TEST(LoadInterval, OnlyProcessorsOfBothReadingsCount) {
  LoadReading before = reading_at(0, 4, 10);
  LoadReading after = reading_at(1, 4, 10.5);
  after.processors.erase(after.processors.begin() + 1);    // 1 went
  before.processors.erase(before.processors.begin() + 3);  // 3 came, with counters from before
  const LoadInterval load = load_between(before, after, 0);
  EXPECT_EQ(load.processors, 2);
  EXPECT_DOUBLE_EQ(load.used_by_others, 1);

  before.processors = {{7, 0, 0, 0, 1}};
  after.processors = {{8, 5, 0, 0, 2}};
  EXPECT_EQ(load_between(before, after, 0).processors, 0);
  EXPECT_EQ(load_between(before, after, 0).used_by_others, 0);
  EXPECT_FALSE(load_between(before, after, 0).thermally_throttled);
}

TEST(LoadInterval, AProcessorIsBusyNoLongerThanTheTimeThatPassed) {
  const LoadReading before = reading_at(0, 2, 10, 1);
  LoadReading after = reading_at(1, 2, 10.5, 1);
  after.processors[0].busy_seconds = 9000;  // it was away meanwhile and counts from elsewhere
  after.processors[0].steal_seconds = 0;
  EXPECT_DOUBLE_EQ(load_between(before, after, 0).used_by_others, 1.5);
  after.processors[0].busy_seconds = 0;
  EXPECT_DOUBLE_EQ(load_between(before, after, 0).used_by_others, 0.5);
  EXPECT_EQ(load_between(before, after, 0).steal, 0);
}

TEST(LoadInterval, OwnUseIsNeverMoreThanTheirs) {
  const LoadReading before = reading_at(0, 2, 0);
  const LoadReading after = reading_at(1, 2, 0.99);
  EXPECT_EQ(load_between(before, after, 2.01).used_by_others, 0);
  EXPECT_DOUBLE_EQ(load_between(before, after, -5).used_by_others, 1.98);
  EXPECT_DOUBLE_EQ(load_between(before, after, no_number).used_by_others, 1.98);
  EXPECT_EQ(load_between(before, after, infinite).used_by_others, 0);
}

TEST(LoadInterval, ThrottlesAreCountersThatMoved) {
  LoadReading before = reading_at(0, 2, 0);
  LoadReading after = reading_at(1, 2, 0);
  after.quota_throttles = 5;
  after.processors[1].thermal_throttles = 5;
  EXPECT_FALSE(load_between(before, after, 0).quota_throttled);
  EXPECT_FALSE(load_between(before, after, 0).thermally_throttled);
  for (const std::int64_t earlier : {4, 5, 6}) {
    before.quota_throttles = earlier;
    before.processors[1].thermal_throttles = earlier;
    EXPECT_EQ(load_between(before, after, 0).quota_throttled, earlier < 5);
    EXPECT_EQ(load_between(before, after, 0).thermally_throttled, earlier < 5);
  }
}

TEST(LoadInterval, NoTimePassed) {
  const LoadReading reading = reading_at(5, 2, 1);
  EXPECT_EQ(load_between(reading, reading, 0), LoadInterval{});
  EXPECT_EQ(load_between(reading, reading_at(4, 2, 2), 0), LoadInterval{});
  EXPECT_EQ(load_between(reading, reading_at(no_number, 2, 2), 0), LoadInterval{});
  EXPECT_EQ(load_between(reading, reading_at(infinite, 2, 2), 0), LoadInterval{});
}

TEST(LoadInterval, AlwaysWithinItsBounds) {
  Rng rng(3);
  const auto value = [&rng] {
    const double kind = rng.uniform();
    if (kind < 0.05) return no_number;
    if (kind < 0.1) return infinite;
    return (rng.uniform() - 0.3) * std::pow(10, 20 * rng.uniform() - 5);
  };
  const auto reading = [&] {
    LoadReading made;
    made.monotonic_seconds = value();
    for (int number = 0; number < 8; ++number) {
      if (rng.uniform() < 0.7) made.processors.push_back({number, value(), value(), value(), std::nullopt});
    }
    if (rng.uniform() < 0.5) made.waiting_seconds = value();
    return made;
  };
  for (int round = 0; round < 20'000; ++round) {
    const LoadInterval load = load_between(reading(), reading(), value());
    ASSERT_TRUE(std::isfinite(load.seconds) && load.seconds >= 0);
    ASSERT_TRUE(load.used_by_others >= 0 && load.used_by_others <= load.processors);
    ASSERT_TRUE(load.steal >= 0 && load.steal <= load.processors);
    ASSERT_TRUE(load.waiting_share.value_or(0) >= 0 && load.waiting_share.value_or(0) <= 1);
  }
}

}  // namespace
}  // namespace blastune
