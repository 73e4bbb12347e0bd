// SPDX-License-Identifier: BSD-3-Clause
#include "client/present_load.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "client/stopwatch.h"
#include "present_load_case.h"

namespace blastune {
namespace {

TEST_F(PresentLoadTest, LimitsNothingUntilThereIsAMachine) {
  PresentLoad load(edges_);
  EXPECT_EQ(load.available(), PresentLoad::unlimited);
  load.look();
  pass(1, 0, 4);
  load.look();
  EXPECT_EQ(load.available(), PresentLoad::unlimited);
  EXPECT_EQ(load.feel(4, 1, 1e-3), PresentLoad::Feeling::unknown);
}

TEST_F(PresentLoadTest, LeavesToOthersWhatTheyUse) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  EXPECT_EQ(load.available(), 4);
  load.look();
  pass(0.1, 4, 0);
  load.look();
  EXPECT_EQ(load.available(), 4);
  pass(0.1, 3, 1);
  load.look();
  EXPECT_EQ(load.available(), 3);
  pass(0.1, 3, 0);
  load.look();
  EXPECT_EQ(load.available(), 4);
}

// The first call cannot wait for two looks, and the second look takes the guess's place.
TEST_F(PresentLoadTest, GuessesFromWhoRunsAtTheFirstLook) {
  std::ofstream(loadavg_) << "0.0 0.0 0.0 3/99 1\n";
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  EXPECT_EQ(load.available(), 1);
  pass(0.1, 1, 0);
  load.look();
  EXPECT_EQ(load.available(), 4);
}

TEST_F(PresentLoadTest, GuessesNothingWhereItMayNotRunEverywhereOrDoesNotLook) {
  std::ofstream(loadavg_) << "0.0 0.0 0.0 3/99 1\n";
  PresentLoad bound(edges_);
  bound.set_sides({});
  bound.set_machine(2, ProcessorSet::of(std::vector<int>{0, 1}));
  bound.look();
  EXPECT_EQ(bound.available(), 2);
  PresentLoad feels_only(edges_);
  feels_only.set_sides({false, true});
  feels_only.set_machine(4, ProcessorSet::all());
  feels_only.look();
  EXPECT_EQ(feels_only.available(), 4);
}

TEST_F(PresentLoadTest, WhatYieldsIsMostlyOutOfTheWay) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(0.1, 3, 0, 1);
  load.look();
  EXPECT_EQ(load.available(), 4);
}

TEST_F(PresentLoadTest, WhatWasSeenLongAgoIsNoNews) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(100, 0, 4);
  load.look();
  EXPECT_EQ(load.available(), 4);
  pass(0.1, 0, 4);
  load.look();
  EXPECT_EQ(load.available(), 1);
}

TEST_F(PresentLoadTest, FeelsWaitsAndNothingElse) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  // Slow, and nobody waited: a page fault, a debugger, a wrong table.
  now_nanoseconds += 5'000'000;
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::not_contention);
  EXPECT_EQ(load.available(), 4);
  now_nanoseconds += 5'000'000;
  waited_ += 5e-3;
  write();
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  EXPECT_EQ(load.available(), 3);
}

TEST_F(PresentLoadTest, WhatNobodyIsSeenToUseIsBackInMilliseconds) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(0.06, 4, 0);
  load.look();
  now_nanoseconds += 5'000'000;
  waited_ += 5e-3;
  write();
  ASSERT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  ASSERT_EQ(load.available(), 3);
  now_nanoseconds += 15'000'000;
  load.look();
  EXPECT_EQ(load.available(), 4);
  // It waited again: there is somebody. However often that is tried, the look comes, and sees who.
  waited_ += 5e-3;
  write();
  ASSERT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  pass(0.09, 3, 1);
  load.look();
  EXPECT_EQ(load.available(), 3);
  pass(0.05, 3, 1);
  load.look();
  EXPECT_EQ(load.available(), 3);
}

TEST_F(PresentLoadTest, WithoutTheKernelsCountTwoSlowOnesMustDo) {
  counts_waits_ = false;
  std::filesystem::remove(tasks_ + "/1/schedstat");
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  now_nanoseconds += 5'000'000;
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::not_contention);
  now_nanoseconds += 5'000'000;
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  EXPECT_EQ(load.available(), 3);
}

TEST_F(PresentLoadTest, ListensToTheSidesItIsToldTo) {
  PresentLoad looking(edges_);
  looking.set_sides({.looks = true, .feels = false});
  looking.set_machine(4, ProcessorSet::all());
  EXPECT_FALSE(looking.feels());
  looking.look();
  waited_ += 1;
  pass(0.1, 2, 2);
  EXPECT_EQ(looking.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::unknown);
  looking.look();
  EXPECT_EQ(looking.available(), 2);

  PresentLoad feeling(edges_);
  feeling.set_sides({.looks = false, .feels = true});
  feeling.set_machine(4, ProcessorSet::all());
  feeling.look();
  pass(0.1, 1, 3);
  feeling.look();
  EXPECT_EQ(feeling.available(), 4);
  now_nanoseconds += 1'000'000;
  waited_ += 10e-3;
  write();
  EXPECT_EQ(feeling.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  EXPECT_EQ(feeling.available(), 2);
  pass(0.1, 2, 0);
  feeling.look();
  EXPECT_EQ(feeling.available(), 4);

  PresentLoad neither(edges_);
  neither.set_sides({.looks = false, .feels = false});
  neither.set_machine(4, ProcessorSet::all());
  EXPECT_EQ(neither.available(), PresentLoad::unlimited);
}

TEST_F(PresentLoadTest, AChildOfAForkBeginsAnew) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(0.1, 1, 3);
  load.look();
  EXPECT_EQ(load.available(), 1);
  load.forget();
  EXPECT_EQ(load.available(), 4);
  // The child's own time begins at 0.
  own_seconds = 0;
  load.look();
  EXPECT_EQ(load.available(), 4);
}

TEST_F(PresentLoadTest, AMachineThatTellsNothingLimitsNothing) {
  std::filesystem::remove_all(directory_.path());
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  for (int i = 0; i < 5; ++i) {
    load.look();
    now_nanoseconds += 100'000'000;
    EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::unknown);
  }
  EXPECT_EQ(load.available(), 4);
}

// One that computes for a moment every ten seconds sees no look follow another soon.
TEST_F(PresentLoadTest, WhoeverSeldomMultipliesGetsBackWhatNobodyUses) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(0.1, 1, 3);
  load.look();
  ASSERT_EQ(load.available(), 1);
  pass(10, 0, 3);
  load.look();
  EXPECT_EQ(load.available(), 1);
  pass(10, 0, 0);
  load.look();
  EXPECT_EQ(load.available(), 4);
}

// As in a container whose /proc shows processes only.
TEST_F(PresentLoadTest, WaitsAreFeltWhereUseCannotBeRead) {
  std::filesystem::remove(stat_);
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  now_nanoseconds += 5'000'000;
  std::ofstream(tasks_ + "/1/schedstat") << "1 10000000 1\n";
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::waited);
  EXPECT_EQ(load.available(), 2);
  // And what was given up comes back.
  for (int i = 0; i < 20; ++i) {
    now_nanoseconds += 100'000'000;
    load.look();
  }
  EXPECT_EQ(load.available(), 4);
}

TEST_F(PresentLoadTest, NobodyIsHeldDownByWhatCannotBeReadAnyMore) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  load.look();
  pass(0.1, 1, 3);
  load.look();
  ASSERT_EQ(load.available(), 1);
  std::filesystem::remove(stat_);
  now_nanoseconds += 100'000'000;
  load.look();
  EXPECT_EQ(load.available(), 1);  // it may be for a moment only
  for (int i = 0; i < 20; ++i) {
    now_nanoseconds += 100'000'000;
    load.look();
  }
  EXPECT_EQ(load.available(), 4);
}

// The kernel rounds each line for itself: so little use by others is none.
TEST_F(PresentLoadTest, WhatIsRoundedOffLinesOfSomeProcessorsIsNobody) {
  constexpr int processors = 64;
  const auto write_lines = [this](int ticks, int more, int of) {
    std::ofstream stat(stat_);
    stat << "cpu  0 0 0 0\n";
    for (int i = 0; i < processors; ++i)
      stat << "cpu" << i << " " << ticks + (i < of ? more : 0) << " 0 0 250 0 0 0 0 0 0\n";
  };
  std::vector<int> which(processors);
  for (int i = 0; i < processors; ++i) which[static_cast<std::size_t>(i)] = i;
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(processors, ProcessorSet::of(which));
  write_lines(100, 0, 0);
  load.look();
  now_nanoseconds += 100'000'000;
  own_seconds += processors * 0.1;
  write_lines(110, 1, 6);
  load.look();
  EXPECT_EQ(load.available(), processors);
  now_nanoseconds += 100'000'000;
  own_seconds += (processors - 4) * 0.1;
  write_lines(120, 1, 6);
  load.look();
  EXPECT_LT(load.available(), processors);
}

TEST_F(PresentLoadTest, ManyThreadsMayAskAtOnce) {
  PresentLoad load(edges_);
  load.set_sides({});
  load.set_machine(4, ProcessorSet::all());
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&load] {
      for (int k = 0; k < 200; ++k) {
        load.look();
        load.look_if_due(monotonic_nanoseconds());
        (void)load.feel(4, 5e-3, 1e-3);
        EXPECT_GE(load.available(), 1);
      }
    });
  }
}

TEST(Stopwatch, LearnsWhatATickIs) {
  Stopwatch stopwatch;
  EXPECT_EQ(stopwatch.seconds_a_tick(), 0);
  stopwatch.calibrate();
  const std::int64_t start = monotonic_nanoseconds();
  while (monotonic_nanoseconds() < start + 20'000'000) {
  }
  stopwatch.calibrate();
  if (stopwatch.seconds_a_tick() == 0) GTEST_SKIP() << "ticks do not go evenly here";
  // Both sides may lose the processor in between; by a factor of ten they do not.
  const std::uint64_t begin = Stopwatch::ticks();
  const std::int64_t began = monotonic_nanoseconds();
  while (monotonic_nanoseconds() < began + 20'000'000) {
  }
  const double seconds = static_cast<double>(Stopwatch::ticks() - begin) * stopwatch.seconds_a_tick();
  EXPECT_GT(seconds, 0.002);
}

}  // namespace
}  // namespace blastune
