// SPDX-License-Identifier: BSD-3-Clause
#include "client/present_load.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/file_system.h"
#include "client/stopwatch.h"
#include "load/load_page.h"

namespace blastune {
namespace {

std::int64_t now_nanoseconds = 0;
double own_seconds = 0;

// Four processors, and what others and this process do on them.
class PresentLoadTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "load-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
    stat_ = directory_ + "/stat";
    tasks_ = directory_ + "/task";
    std::filesystem::create_directories(tasks_ + "/1");
    edges_.stat = stat_.c_str();
    edges_.tasks = tasks_.c_str();
    edges_.nanoseconds = [] { return now_nanoseconds; };
    edges_.own_seconds = [] { return own_seconds; };
    now_nanoseconds = 1'000'000'000;
    own_seconds = 0;
    write();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  void write() {
    const auto user = static_cast<long>(busy_ * 100 + 0.5);
    const auto nice = static_cast<long>(nice_ * 100 + 0.5);
    std::ofstream stat(stat_);
    stat << "cpu  " << user << " " << nice << " 0 1000 0 0 0 0 0 0\n";
    for (int i = 0; i < 4; ++i)
      stat << "cpu" << i << " " << user / 4 << " " << nice / 4 << " 0 250 0 0 0 0 0 0\n";
    stat << "intr 1\n";
    if (counts_waits_)
      std::ofstream(tasks_ + "/1/schedstat") << "1 " << static_cast<std::int64_t>(waited_ * 1e9) << " 1\n";
  }

  void pass(double seconds, double own, double others, double yielding = 0) {
    now_nanoseconds += static_cast<std::int64_t>(seconds * 1e9);
    own_seconds += own * seconds;
    busy_ += (own + others) * seconds;
    nice_ += yielding * seconds;
    write();
  }

  std::string directory_;
  std::string stat_;
  std::string tasks_;
  LoadEdges edges_;
  double busy_ = 100;
  double nice_ = 10;
  double waited_ = 0;
  bool counts_waits_ = true;
};

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
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::explained);
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
  EXPECT_EQ(load.feel(4, 5e-3, 1e-3), PresentLoad::Feeling::explained);
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
  std::filesystem::remove_all(directory_);
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
        load.look_if_due();
        (void)load.feel(4, 5e-3, 1e-3);
        EXPECT_GE(load.available(), 1);
      }
    });
  }
}

// A service shows the same figures in a page.
class PresentLoadPageTest : public PresentLoadTest {
 protected:
  void SetUp() override {
    PresentLoadTest::SetUp();
    // Far ahead of the real clock, so that no look but the first is due by that.
    now_nanoseconds = 4'000'000'000'000'000'000;
    std::filesystem::create_directory(runtime());
    load_.emplace(edges_);
    load_->set_sides({});
    load_->set_machine(4, ProcessorSet::all());
  }
  [[nodiscard]] std::string runtime() const { return directory_ + "/run"; }

  void serve() {
    auto made = LoadPageWriter::make(files_, runtime(), now_nanoseconds);
    ASSERT_TRUE(made.ok()) << made.error().text();
    page_.emplace(std::move(made).value());
    load_->find_page(runtime().c_str());
  }
  void show(int processors = 4) { page_->write(now_nanoseconds, {processors, busy_ + nice_, nice_}); }
  // What the kernel's file says does not count from here on.
  void hide_kernel() const { std::filesystem::remove(stat_); }

  RealFileSystem files_;
  std::optional<LoadPageWriter> page_;
  std::optional<PresentLoad> load_;
};

TEST_F(PresentLoadPageTest, IsLookedAtWhenItHasChangedAndNotElse) {
  serve();
  load_->look_if_due();
  hide_kernel();
  pass(0.1, 1, 3);
  hide_kernel();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 4);
  show();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 1);
  pass(0.1, 1, 0);
  hide_kernel();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 1);
  show();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, WithoutOneAllIsAsItWas) {
  load_->find_page(runtime().c_str());
  load_->find_page((directory_ + "/nowhere").c_str());
  load_->look();
  pass(0.1, 1, 3);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
  load_->look();
  EXPECT_EQ(load_->available(), 1);
}

TEST_F(PresentLoadPageTest, WhatWeUsedSinceItWasWrittenIsNotTakenForOthers) {
  serve();
  load_->look();
  pass(0.06, 3, 1);
  show();
  // Noticed a moment later, in which we went on.
  pass(0.019, 3, 1);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 3);
  pass(0.041, 2, 2);
  show();
  pass(0.019, 2, 2);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 2);
}

TEST_F(PresentLoadPageTest, OneThatWasNoticedLateOrSoonAfterALookIsNotUsed) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  pass(0.021, 1, 3);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4) << "late";
  load_->look();
  EXPECT_EQ(load_->available(), 1);
  pass(0.04, 1, 0);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 1) << "too soon for the kernel's ticks";
  pass(0.06, 1, 0);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4) << "what was too soon is not lost";
}

TEST_F(PresentLoadPageTest, OfOtherProcessorsItSaysNothing) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show(8);
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
  const std::vector<int> two{0, 1};
  load_->set_machine(2, ProcessorSet::of(two));
  load_->look();
  pass(0.1, 0, 4);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 2) << "it is of all, not of where we may run";
  load_->look();
  EXPECT_EQ(load_->available(), 1);
}

TEST_F(PresentLoadPageTest, OnlyWhoLooksIsLed) {
  load_->set_sides({.looks = false, .feels = true});
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  load_->look_at_page();
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, AServiceThatEndsAndOneThatBegins) {
  serve();
  load_->look();
  page_.reset();
  load_->find_page(runtime().c_str());
  pass(0.1, 1, 3);
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 4);
  load_->look();
  EXPECT_EQ(load_->available(), 1);
  pass(0.1, 1, 0);
  serve();
  show();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 4);
}

TEST_F(PresentLoadPageTest, AChildOfAForkKeepsIt) {
  serve();
  load_->look();
  pass(0.1, 1, 3);
  show();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 1);
  load_->forget();
  own_seconds = 0;
  show();
  load_->look_if_due();  // there is nothing yet to compare with, and the kernel is asked
  EXPECT_EQ(load_->available(), 4);
  pass(0.1, 2, 2);
  show();
  hide_kernel();
  load_->look_if_due();
  EXPECT_EQ(load_->available(), 2);
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
