// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/scheduler.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/rng.h"
#include "tests/daemon/toy_service.h"

namespace blastune {
namespace {

using Work = Decision::Work;

BuildView new_build() {
  BuildView build;
  build.uncertain = 10;
  return build;
}

BuildView known_build(double checked_at, std::size_t uncertain = 0) {
  BuildView build;
  build.uncertain = uncertain;
  build.measured_seconds = 60;
  build.checked_at = checked_at;
  return build;
}

// Looks every half second at what is quiet, from `start` until `end`; the clocks are the same.
void stay_quiet(Scheduler& scheduler, double start, double end) {
  for (double at = start; at < end; at += 0.5) scheduler.look({at + 0.5, at + 0.5}, at, WaitReason::none);
}

TEST(Scheduler, BeginsAfterTwoQuietSeconds) {
  Scheduler scheduler({}, {100, 100});
  const std::vector<BuildView> builds = {new_build()};
  for (double at = 100; at < 102; at += 0.5) {
    const Decision decision = scheduler.decide({at, at}, builds);
    EXPECT_EQ(decision.work, Work::wait);
    EXPECT_TRUE(decision.watch_load);
    EXPECT_EQ(decision.seconds, 0.5);
    scheduler.look({at + 0.5, at + 0.5}, at, WaitReason::none);
  }
  const Decision decision = scheduler.decide({102, 102}, builds);
  EXPECT_EQ(decision.work, Work::measure);
  EXPECT_TRUE(decision.first_run);
  EXPECT_EQ(decision.seconds, slice_seconds);
}

TEST(Scheduler, SaysWhoIsInTheWay) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {new_build()};
  for (const WaitReason reason : {WaitReason::others_busy, WaitReason::battery, WaitReason::thermal}) {
    scheduler.look({1, 1}, 0.5, reason);
    const Decision decision = scheduler.decide({1, 1}, builds);
    EXPECT_EQ(decision.work, Work::wait);
    EXPECT_EQ(decision.reason, reason);
    EXPECT_TRUE(decision.watch_load);
  }
}

TEST(Scheduler, LooksThatDoNotJoinProveNoQuiet) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {new_build()};
  stay_quiet(scheduler, 0, 3);
  EXPECT_EQ(scheduler.decide({3, 3}, builds).work, Work::measure);
  EXPECT_EQ(scheduler.decide({3.9, 3.9}, builds).work, Work::measure);
  EXPECT_EQ(scheduler.decide({4.5, 4.5}, builds).work, Work::wait);
  // Nobody looked for ten minutes; half a second of quiet after them is not enough.
  scheduler.look({600, 600}, 599.5, WaitReason::none);
  EXPECT_EQ(scheduler.decide({600, 600}, builds).work, Work::wait);
  stay_quiet(scheduler, 600, 601.5);
  EXPECT_EQ(scheduler.decide({601.5, 601.5}, builds).work, Work::measure);
}

TEST(Scheduler, AnAverageOverALongTimeProvesNoQuiet) {
  Scheduler scheduler({}, {});
  scheduler.look({60, 60}, 0, WaitReason::none);
  EXPECT_EQ(scheduler.decide({60, 60}, std::vector{new_build()}).work, Work::wait);
}

const Decision a_slice{.work = Work::measure};

TEST(Scheduler, EachDisturbanceDoublesTheQuietThatIsNeeded) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {new_build()};
  double now = 0;
  for (const double needed : {2, 4, 8, 16, 16}) {
    stay_quiet(scheduler, now, now + needed - 0.5);
    now += needed - 0.5;
    const Decision wait = scheduler.decide({now, now}, builds);
    EXPECT_EQ(wait.work, Work::wait) << needed;
    EXPECT_EQ(wait.reason, needed > 2 ? WaitReason::disturbed : WaitReason::none);
    stay_quiet(scheduler, now, now + 0.5);
    now += 0.5;
    EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::measure) << needed;
    scheduler.worked(now, {now + 0.25, now + 0.25}, a_slice, true);
    now += 0.25;
  }
  stay_quiet(scheduler, now, now + 16);
  now += 16;
  scheduler.worked(now, {now + 0.25, now + 0.25}, a_slice, false);
  EXPECT_EQ(scheduler.decide({now + 0.25, now + 0.25}, builds).work, Work::measure);
}

TEST(Scheduler, RestsBetweenStretchesOfWork) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {new_build()};
  stay_quiet(scheduler, 0, 2);
  double now = 2;
  for (int slice = 0; slice < 3; ++slice, now += 0.25) {
    EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::measure);
    scheduler.worked(now, {now + 0.25, now + 0.25}, a_slice, false);
  }
  const Decision rest = scheduler.decide({now, now}, builds);
  EXPECT_EQ(rest.work, Work::wait);
  EXPECT_TRUE(rest.resting);
  EXPECT_NEAR(rest.seconds, 0.15, 1e-9);
  now += rest.seconds + 1e-9;
  scheduler.look({now, now}, 2, WaitReason::none);
  EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::measure);
}

TEST(Scheduler, WithNothingToDoItWaitsForTheNextCheck) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {known_build(0), known_build(1000)};
  EXPECT_EQ(scheduler.decide({1, 1}, builds).seconds, 3600);
  EXPECT_EQ(scheduler.decide({21000, 21000}, builds).seconds, 600);
  EXPECT_FALSE(scheduler.decide({21000, 21000}, builds).watch_load);
  EXPECT_EQ(scheduler.decide({1, 1}, {}).work, Work::wait);
}

TEST(Scheduler, WhatAFailingWorkerKeepsOpenIsNotSettled) {
  Scheduler scheduler({}, {});
  std::vector<BuildView> builds = {known_build(0), new_build()};
  builds[1].usable = false;
  EXPECT_EQ(scheduler.decide({1, 1}, builds).reason, WaitReason::failing);
  EXPECT_EQ(scheduler.decide({1, 1}, builds).build, 1U);
  builds[1].usable_in = 45;
  EXPECT_EQ(scheduler.decide({1, 1}, builds).seconds, 45);
  builds[1] = known_build(-1e5);
  builds[1].usable = false;
  EXPECT_EQ(scheduler.decide({1, 1}, builds).reason, WaitReason::failing);
  builds[1].checked_at = 0;  // nothing is open
  EXPECT_EQ(scheduler.decide({1, 1}, builds).reason, WaitReason::none);
  builds[1] = BuildView{};  // one that cannot be tuned at all
  builds[1].usable = false;
  EXPECT_EQ(scheduler.decide({1, 1}, builds).reason, WaitReason::none);
}

TEST(Scheduler, ChecksByTheClockThatCountsSuspension) {
  Scheduler scheduler({}, {});
  stay_quiet(scheduler, 0, 2);
  const std::vector<BuildView> builds = {known_build(0)};
  EXPECT_EQ(scheduler.decide({2, 21599}, builds).work, Work::wait);
  EXPECT_EQ(scheduler.decide({2, 21600}, builds).work, Work::check);
}

TEST(Scheduler, EndsACheckBeforeTheNextAndBeforeMeasuring) {
  Scheduler scheduler({}, {});
  stay_quiet(scheduler, 0, 2);
  std::vector<BuildView> builds = {new_build(), known_build(0), known_build(0)};
  builds[1].check_wanted = builds[2].check_wanted = true;
  builds[2].check_running = true;
  EXPECT_EQ(scheduler.decide({2, 2}, builds).build, 2U);
  builds[2].usable = false;
  EXPECT_EQ(scheduler.decide({2, 2}, builds).build, 1U);
  builds[1].check_wanted = false;
  EXPECT_EQ(scheduler.decide({2, 2}, builds).work, Work::measure);
}

TEST(Scheduler, AnOverdrawnBudgetHoldsUpAllButFirstRuns) {
  Scheduler scheduler({}, {});
  stay_quiet(scheduler, 0, 2);
  scheduler.spent({2, 2}, 10, false);
  std::vector<BuildView> builds = {known_build(0, 5)};
  builds[0].check_wanted = true;
  const Decision wait = scheduler.decide({2, 2}, builds);
  EXPECT_EQ(wait.work, Work::wait);
  EXPECT_EQ(wait.reason, WaitReason::budget);
  EXPECT_NEAR(wait.seconds, 698, 1);  // until nothing is overdrawn, not a moment
  builds.push_back(new_build());
  const Decision first = scheduler.decide({2, 2}, builds);
  EXPECT_EQ(first.work, Work::measure);
  EXPECT_EQ(first.build, 1U);
  EXPECT_TRUE(first.first_run);
}

TEST(Scheduler, SavesForAStretchAndThenSpendsIt) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {known_build(0, 5)};
  const Decision wait = scheduler.decide({0, 0}, builds);
  EXPECT_EQ(wait.reason, WaitReason::budget);
  EXPECT_NEAR(wait.seconds, 900, 1e-6);  // 24 slices on two processors are 12 s, and 3 s were there
  double now = 901;
  stay_quiet(scheduler, now, now + 2);
  now += 2;
  int slices = 0;
  for (; slices < 100; ++slices, now += 0.25) {
    scheduler.look({now, now}, now - 0.25, WaitReason::none);
    Decision next = scheduler.decide({now, now}, builds);
    if (next.resting) {
      now += next.seconds + 1e-9;
      next = scheduler.decide({now, now}, builds);
    }
    if (next.work != Work::measure) break;
    EXPECT_FALSE(next.first_run);
    scheduler.worked(now, {now + 0.25, now + 0.25}, a_slice, false);
    scheduler.spent({now + 0.25, now + 0.25}, 0.5, false);
  }
  EXPECT_EQ(slices, 24);
}

TEST(Scheduler, ACheckRestsAfterEverySlice) {
  Scheduler scheduler({}, {});
  const std::vector<BuildView> builds = {known_build(-1e5, 0)};
  stay_quiet(scheduler, 0, 2);
  const Decision slice = scheduler.decide({2, 2}, builds);
  ASSERT_EQ(slice.work, Work::check);
  scheduler.worked(2, {2.01, 2.01}, slice, false);
  EXPECT_TRUE(scheduler.decide({2.01, 2.01}, builds).resting);
  EXPECT_EQ(scheduler.decide({2.17, 2.17}, builds).work, Work::check);
}

TEST(Scheduler, WhoAsksGetsAStretchAtOnce) {
  Scheduler scheduler({}, {});
  stay_quiet(scheduler, 0, 2);
  scheduler.spent({2, 2}, 30, false);
  const std::vector<BuildView> builds = {known_build(0, 5)};
  EXPECT_EQ(scheduler.decide({2, 2}, builds).reason, WaitReason::budget);
  scheduler.grant({2, 2});
  EXPECT_EQ(scheduler.decide({2, 2}, builds).work, Work::measure);
}

TEST(Scheduler, WithoutAShareOnlyFirstRunsAreDone) {
  SchedulerOptions options;
  options.cpu_share = 0;
  Scheduler scheduler(options, {});
  stay_quiet(scheduler, 0, 2);
  scheduler.spent({2, 2}, 5, false);
  const Decision wait = scheduler.decide({2, 2}, std::vector{known_build(-1e5, 5)});
  EXPECT_EQ(wait.reason, WaitReason::budget);
  EXPECT_EQ(wait.seconds, 3600);
  EXPECT_EQ(scheduler.decide({2, 2}, std::vector{new_build()}).work, Work::measure);
}

// Short stretches, each followed by a long pause, share as long ones do.
TEST(Scheduler, BuildsTakeTurnsHoweverShortTheStretchesAre) {
  Scheduler scheduler({}, {});
  std::vector<BuildView> builds = {new_build(), new_build(), new_build()};
  double now = 0;
  for (int stretch = 0; stretch < 150; ++stretch, now += 10) {
    stay_quiet(scheduler, now, now + 2);
    now += 2;
    const Decision decision = scheduler.decide({now, now}, builds);
    ASSERT_EQ(decision.work, Work::measure);
    scheduler.worked(now, {now + 0.25, now + 0.25}, decision, false);
    builds[decision.build].measured_seconds += 0.25;
    for (const BuildView& build : builds)
      EXPECT_LE(builds[decision.build].measured_seconds - build.measured_seconds, 4.5);
  }
}

BuildView settled_build(int occasions, double measured_at) {
  BuildView build = known_build(measured_at);
  build.measured_at = measured_at;
  build.occasions = occasions;
  return build;
}

TEST(SchedulerOccasions, FollowEachOtherAtGrowingPauses) {
  SchedulerOptions options;
  options.check_seconds = 1e6;
  Scheduler scheduler(options, {});
  const double now = 100'000;  // the budget is full
  stay_quiet(scheduler, now - 2, now);
  double pause = 300;
  for (int occasions = 1; occasions < 10; ++occasions, pause *= 1.5) {
    const Decision early =
        scheduler.decide({now, now}, std::vector{settled_build(occasions, now - pause + 1)});
    EXPECT_EQ(early.work, Work::wait) << occasions;
    EXPECT_EQ(early.reason, WaitReason::none) << "every table is as sure as it has to be";
    EXPECT_NEAR(early.seconds, 1, 1e-6) << occasions;
    const Decision due = scheduler.decide({now, now}, std::vector{settled_build(occasions, now - pause - 1)});
    EXPECT_EQ(due.work, Work::measure_again) << occasions;
    EXPECT_FALSE(due.first_run);
  }
  EXPECT_EQ(scheduler.decide({now, now}, std::vector{settled_build(10, 0)}).work, Work::wait);
  EXPECT_EQ(scheduler.decide({now, now}, std::vector{settled_build(10, 0)}).seconds, 3600);
}

TEST(SchedulerOccasions, ComeAfterAllElse) {
  SchedulerOptions options;
  options.check_seconds = 1e6;
  Scheduler scheduler(options, {});
  const double now = 100'000;
  stay_quiet(scheduler, now - 2, now);
  std::vector<BuildView> builds = {settled_build(1, 0), settled_build(1, 0), known_build(0, 5)};
  EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::measure) << "what is open";
  builds[2].uncertain = 0;
  builds[1].measuring_again = true;
  const Decision begun = scheduler.decide({now, now}, builds);
  EXPECT_EQ(begun.work, Work::measure_again);
  EXPECT_EQ(begun.build, 1U) << "one that has begun is ended first";
  builds[0].check_wanted = true;
  EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::check);
  builds[0].check_wanted = false;
  builds[0].suspected = builds[1].suspected = true;
  EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::wait)
      << "or the check that follows finds what it would not find";
  builds[0].suspected = false;
  builds[0].usable = false;
  EXPECT_EQ(scheduler.decide({now, now}, builds).work, Work::wait);
}

TEST(SchedulerOccasions, ArePaidFromTheBudgetAndNobodyWaitsForThem) {
  Scheduler scheduler({}, {});
  stay_quiet(scheduler, 598, 600);
  std::vector<BuildView> builds = {settled_build(1, 100)};
  builds[0].measured_seconds = 5;  // a first run that had enough
  const Decision wait = scheduler.decide({600, 600}, builds);
  EXPECT_EQ(wait.work, Work::wait);
  EXPECT_EQ(wait.reason, WaitReason::none);
  EXPECT_NEAR(wait.seconds, 600, 1) << "until there are a stretch's worth of 12 s and 3 s for a check";
  stay_quiet(scheduler, 1199, 1201);
  const Decision due = scheduler.decide({1201, 1201}, builds);
  EXPECT_EQ(due.work, Work::measure_again);
  EXPECT_FALSE(due.first_run);
}

TEST(SchedulerOccasions, ComeWithTheSmallestBudgetToo) {
  SchedulerOptions options;
  options.cpu_share = 0.0001;
  options.check_seconds = 1e9;
  Scheduler scheduler(options, {});
  const double now = 1e7;
  stay_quiet(scheduler, now - 2, now);
  EXPECT_EQ(scheduler.decide({now, now}, std::vector{settled_build(1, 0)}).work, Work::measure_again);
}

// On a quiet machine all ten come within a working day, and then no more.
TEST(SchedulerOccasions, EndWithinADay) {
  const auto story = parse_story("at 0s library new a\nuntil 4d\n");
  ASSERT_TRUE(story);
  const ToyReport report = ToyService(*story, {}).live();
  EXPECT_TRUE(report.problems.empty());
  ASSERT_EQ(report.occasions.size(), 9U);
  EXPECT_LT(report.occasions.front(), 1800);
  EXPECT_LT(report.occasions.back(), 12 * 3600.0);
}

// A week and a half of anything.
Story random_story(std::uint64_t seed) {
  Rng rng(seed);
  const auto any = [&](const char* format, double most) {
    return std::string(format) + std::to_string(rng.uniform() * most);
  };
  std::string text = "at 0s library new a\n";
  if (rng.below(2) == 0) text += "at 0s library new b\n";
  double at = 0;
  while (at < 10 * 86400.0) {
    at += rng.below(3) == 0 ? 60 * rng.uniform() : 20000 * rng.uniform() * rng.uniform();
    const std::string name(1, static_cast<char>('a' + rng.below(4)));
    const std::string events[] = {
        any("busy ", 2),
        "busy 0",
        "busy 0",
        "flicker 1 on" + any(" ", 3) + " off" + any(" ", 30),
        "suspend " + std::to_string(static_cast<int>(std::exp(rng.uniform() * 11))) + "s",
        "clock -3600s",
        "clock +1d",
        "library new " + name,
        "library gone " + name,
        "library changed " + name,
        "battery on",
        "battery off",
        "cpus 1",
        "cpus 2",
        "governor x",
        "slowdown" + any(" ", 3),
        "flip",
        "worker hangs",
        "worker ok",
        "worker ok",
        "ask measure-now",
        "restart",
    };
    text += "at " + std::to_string(at) + "s " + events[rng.below(std::size(events))] + "\n";
  }
  const auto story = parse_story(text + "until 10d\n");
  EXPECT_TRUE(story) << story.error().text();
  return *story;
}

TEST(SchedulerPromises, HoldInAnyLife) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Rng rng(seed + 1000);
    SchedulerOptions options;
    options.cpu_share = 0.002 + 0.1 * rng.uniform() * rng.uniform();
    options.check_seconds = 600 + 40000 * rng.uniform();
    const ToyReport report = ToyService(random_story(seed), options).live();
    for (const std::string& problem : report.problems) ADD_FAILURE() << "seed " << seed << ", " << problem;
    // A worker that hangs takes five seconds and measures nothing, so its build may get the next turn too.
    EXPECT_LE(report.longest_turn, 2 * 5 + slice_seconds) << "seed " << seed;
  }
}

TEST(SchedulerPromises, TheSameLifeGetsTheSameDecisions) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_EQ(ToyService(random_story(seed), {}).live().trace,
              ToyService(random_story(seed), {}).live().trace);
  }
}

TEST(SchedulerPromises, SettingTheClockChangesNoDecision) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Story story = random_story(seed);
    const auto with = ToyService(story, {}).live().trace;
    for (StoryLine& line : story.lines) {
      if (line.verb == "clock") line.words[0] = "0s";
    }
    EXPECT_EQ(ToyService(story, {}).live().trace, with);
  }
}

// When the machine is quiet for a minute in every half hour, no table goes unchecked for long.
TEST(SchedulerPromises, ChecksComeInTime) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    Rng rng(seed);
    std::string text = "at 0s library new a\nat 0s library new b\nat 0s busy 0\n";
    for (double at = 0; at < 5 * 86400.0; at += 300 + 1500 * rng.uniform()) {
      text += "at " + std::to_string(at) + "s busy 2\n";
      at += 60 + 1700 * rng.uniform();
      text += "at " + std::to_string(at) + "s busy 0\n";
      if (rng.below(10) == 0) text += "at " + std::to_string(at + 100) + "s flip\n";
    }
    const auto story = parse_story(text + "until 5d\n");
    ASSERT_TRUE(story);
    SchedulerOptions options;
    options.check_seconds = 3 * 3600;
    const ToyReport report = ToyService(*story, options).live();
    // The budget may be spent for an hour, and the next quiet minute be half an hour away.
    EXPECT_LE(report.longest_unchecked, options.check_seconds + 3600 + 2000) << "seed " << seed;
    EXPECT_GT(report.facts.drifted, 0);
  }
}

}  // namespace
}  // namespace blastune
