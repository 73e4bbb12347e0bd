// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/load_watch.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "load/simulated_load_source.h"

namespace blastune {
namespace {

class LoadWatchTest : public ::testing::Test {
 protected:
  LoadWatch::Look look_after(double seconds, bool measuring = false) {
    clock_.advance(seconds);
    return watch_.look(own_, measuring);
  }
  void use(double cpu_seconds) {
    source_.use(cpu_seconds);
    own_ += cpu_seconds;
  }

  ManualClock clock_;
  SimulatedLoadSource source_{clock_, 4};
  LoadWatch watch_{source_, QuietLimits{}};
  double own_ = 100;  // used before the first look
};

TEST_F(LoadWatchTest, TheFirstLookSeesNobodyAndNoTime) {
  source_.others_cores = 4;
  const auto look = look_after(5);
  EXPECT_EQ(look.busy, WaitReason::none);
  EXPECT_DOUBLE_EQ(look.since, look.until);
}

TEST_F(LoadWatchTest, LooksJoin) {
  double last = look_after(1).until;
  for (const double seconds : {0.1, 0.25, 3.0}) {
    const auto look = look_after(seconds);
    EXPECT_DOUBLE_EQ(look.since, last);
    EXPECT_NEAR(look.until - look.since, seconds, 1e-9);
    EXPECT_EQ(look.busy, WaitReason::none);
    last = look.until;
  }
}

TEST_F(LoadWatchTest, OthersAreSeenAndOurOwnWorkIsNot) {
  look_after(1);
  use(3.9);
  EXPECT_EQ(look_after(1, true).busy, WaitReason::none);
  source_.others_cores = 1;
  use(1);
  const auto look = look_after(1, true);
  EXPECT_EQ(look.busy, WaitReason::others_busy);
  EXPECT_NE(look.sentence.find("other programs"), std::string::npos) << look.sentence;
  source_.others_cores = 0;
  EXPECT_EQ(look_after(1).busy, WaitReason::none);
}

TEST_F(LoadWatchTest, EveryReasonHasItsName) {
  struct Case {
    std::function<void(SimulatedLoadSource&)> make;
    WaitReason reason;
  };
  const std::vector<Case> cases{
      {[](auto& source) { source.power = Power::battery; }, WaitReason::battery},
      {[](auto& source) { source.overheat(); }, WaitReason::thermal},
      {[](auto& source) { source.run_out_of_quota(); }, WaitReason::throttled},
      {[](auto& source) { source.steal_cores = 1; }, WaitReason::steal},
      {[](auto& source) { source.others_cores = 1; }, WaitReason::others_busy},
      {[](auto& source) { source.waiting_share = 0.5; }, WaitReason::pressure},
  };
  for (const auto& one : cases) {
    ManualClock clock;
    SimulatedLoadSource source(clock, 4);
    LoadWatch watch(source, QuietLimits{});
    clock.advance(1);
    watch.look(0, false);
    one.make(source);
    clock.advance(1);
    const auto look = watch.look(0, false);
    EXPECT_EQ(look.busy, one.reason) << look.sentence;
    EXPECT_NE(look.sentence, "");
  }
}

TEST_F(LoadWatchTest, OtherLimitsHoldFromTheNextLookOn) {
  look_after(1);
  source_.others_cores = 0.5;
  EXPECT_EQ(look_after(1).busy, WaitReason::others_busy);
  QuietLimits patient;
  patient.others_cores = 1;
  watch_.change(patient);
  EXPECT_EQ(look_after(1).busy, WaitReason::none);
}

TEST_F(LoadWatchTest, AKernelThatSaysNothingIsNoQuietMachine) {
  struct Silent final : LoadSource {
    LoadReading read() override { return {++seconds_, {}, {}, {}, {}, Power::unknown}; }
    double seconds_ = 0;
  } silent;
  LoadWatch watch(silent, QuietLimits{});
  watch.look(0, false);
  EXPECT_EQ(watch.look(0, false).busy, WaitReason::others_busy);
}

}  // namespace
}  // namespace blastune
