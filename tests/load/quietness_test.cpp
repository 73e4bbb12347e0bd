// SPDX-License-Identifier: BSD-3-Clause
#include "load/quietness.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

LoadInterval quiet_interval(double seconds = 1, int processors = 2) {
  LoadInterval load;
  load.seconds = seconds;
  load.processors = processors;
  load.waiting_share = 0;
  load.runnable = 1;
  load.power = Power::mains;
  return load;
}

Disturbance judged(const LoadInterval& load, bool measuring = false, const QuietLimits& limits = {}) {
  const Quietness quietness = judge(load, limits, measuring);
  EXPECT_FALSE(quietness.sentence.empty());
  EXPECT_EQ(quietness.quiet(), quietness.disturbance == Disturbance::none);
  return quietness.disturbance;
}

TEST(Quietness, AnIdleMachineIsQuiet) {
  for (const int processors : {1, 2, 64, 192}) {
    for (const double seconds : {0.01, 0.25, 1.0, 1e6}) {
      EXPECT_EQ(judged(quiet_interval(seconds, processors)), Disturbance::none);
      EXPECT_EQ(judged(quiet_interval(seconds, processors), true), Disturbance::none);
    }
  }
}

TEST(Quietness, WhatTheKernelDoesNotTellIsNotHeldAgainstIt) {
  LoadInterval load = quiet_interval();
  load.waiting_share = std::nullopt;
  load.runnable = std::nullopt;
  load.power = Power::unknown;
  EXPECT_EQ(judged(load), Disturbance::none);
}

TEST(Quietness, NobodyMeasuresBlindly) {
  EXPECT_EQ(judged(LoadInterval{}), Disturbance::unknown);
  EXPECT_EQ(judged(quiet_interval(0, 2)), Disturbance::unknown);
  EXPECT_EQ(judged(quiet_interval(1, 0)), Disturbance::unknown);
}

TEST(Quietness, Others) {
  LoadInterval load = quiet_interval();
  load.used_by_others = 0.19;
  EXPECT_EQ(judged(load), Disturbance::none);
  load.used_by_others = 1.3;
  EXPECT_EQ(judged(load), Disturbance::others);
  EXPECT_EQ(judged(load, true), Disturbance::others);
  EXPECT_EQ(judge(load, {}, false).sentence, "other programs use 1.3 of 2 processors");
  load = quiet_interval(1, 1);
  load.used_by_others = 1;
  EXPECT_EQ(judge(load, {}, false).sentence, "other programs use 1.0 of 1 processor");
  EXPECT_EQ(judged(load, false, {.others_cores = 1.5}), Disturbance::none);
}

TEST(Quietness, ALargeMachineIsAllowedAHundredth) {
  LoadInterval load = quiet_interval(1, 192);
  load.used_by_others = 1.9;
  load.steal = 1.9;
  EXPECT_EQ(judged(load), Disturbance::none);
  load.used_by_others = 2;
  EXPECT_EQ(judged(load), Disturbance::others);
}

// The counters move in steps of 10 ms, which are large against a short time.
TEST(Quietness, ShortIntervalsAreJudgedAsCoarselyAsTheyAreKnown) {
  LoadInterval load = quiet_interval(0.05);
  load.used_by_others = 0.9;
  EXPECT_EQ(judged(load, true), Disturbance::none);
  load.used_by_others = 1.1;
  EXPECT_EQ(judged(load, true), Disturbance::others);
  load = quiet_interval(0.25);
  load.used_by_others = 0.21;
  EXPECT_EQ(judged(load, true), Disturbance::others);
}

TEST(Quietness, Steal) {
  LoadInterval load = quiet_interval();
  load.steal = 0.09;
  EXPECT_EQ(judged(load), Disturbance::none);
  load.steal = 0.5;
  EXPECT_EQ(judged(load), Disturbance::steal);
  EXPECT_EQ(judged(load, true), Disturbance::steal);
  EXPECT_EQ(judge(load, {}, true).sentence, "the hypervisor gives 0.5 of 2 processors to other machines");
}

TEST(Quietness, OurOwnThreadsArePressureOnlyWhileWeMeasure) {
  LoadInterval load = quiet_interval();
  load.waiting_share = 0.4;
  EXPECT_EQ(judged(load, true), Disturbance::none);
  EXPECT_EQ(judged(load, false), Disturbance::pressure);
  EXPECT_EQ(judge(load, {}, false).sentence, "tasks wait for a processor 40 % of the time");
  load = quiet_interval();
  load.runnable = 3;
  EXPECT_EQ(judged(load, true), Disturbance::none);
  EXPECT_EQ(judged(load, false), Disturbance::others);
  load.runnable = 2;  // woke for a moment, perhaps
  EXPECT_EQ(judged(load, false), Disturbance::none);
}

TEST(Quietness, Throttled) {
  LoadInterval load = quiet_interval();
  load.quota_throttled = true;
  EXPECT_EQ(judged(load), Disturbance::throttled);
  EXPECT_EQ(judged(load, true), Disturbance::throttled);
  load.thermally_throttled = true;
  EXPECT_EQ(judged(load), Disturbance::thermal);
}

TEST(Quietness, Battery) {
  LoadInterval load = quiet_interval();
  load.power = Power::battery;
  EXPECT_EQ(judged(load), Disturbance::battery);
  EXPECT_EQ(judged(load, true), Disturbance::battery);
  EXPECT_EQ(judged(load, false, {.on_battery = true}), Disturbance::none);
}

// Nothing that gets worse makes a machine quiet.
TEST(Quietness, Monotone) {
  for (const bool measuring : {false, true}) {
    for (const int processors : {1, 2, 64, 192}) {
      bool was_quiet = true;
      for (double used = 0; used <= processors; used += 0.05) {
        LoadInterval load = quiet_interval(0.25, processors);
        load.used_by_others = used;
        const bool quiet = judge(load, {}, measuring).quiet();
        EXPECT_TRUE(was_quiet || !quiet);
        was_quiet = quiet;
      }
      EXPECT_FALSE(was_quiet);
    }
  }
}

}  // namespace
}  // namespace blastune
