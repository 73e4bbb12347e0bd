// SPDX-License-Identifier: BSD-3-Clause
#include "load/machine_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/rng.h"

namespace blastune {
namespace {

constexpr double call_variance = 0.15 * 0.15;

TEST(MachineState, IsNothingUnusualBeforeAnybodyHasLooked) {
  const MachineState state;
  EXPECT_EQ(state.mean(), 0);
  EXPECT_EQ(state.variance(), MachineState::usual_variance);
  EXPECT_EQ(MachineState::unpack(0).mean(), 0);
  EXPECT_EQ(MachineState::unpack(0).variance(), MachineState::usual_variance);
}

TEST(MachineState, FollowsAChangeWithinAFewCalls) {
  for (const double truth : {-0.4, -0.2, 0.3, 0.6}) {
    MachineState state;
    Rng rng(7);
    for (int call = 0; call < 10; ++call) {
      state.advance_to(1000U + static_cast<std::uint32_t>(call));
      state.learn(truth - state.mean() + 0.1 * rng.normal(), 1, call_variance);
    }
    EXPECT_NEAR(state.mean(), truth, 0.12);
  }
}

TEST(MachineState, WhatIsKnownWithMoreLoadingTeachesMore) {
  MachineState weak;
  MachineState strong;
  weak.learn(0.2, 0.3, call_variance);
  strong.learn(0.2, 1, call_variance);
  EXPECT_GT(weak.variance(), strong.variance());
  // Without loading a call says nothing.
  MachineState none;
  none.learn(5, 0, call_variance);
  EXPECT_EQ(none.mean(), 0);
}

TEST(MachineState, FadesToTheMeanAndToItsUsualSpread) {
  MachineState state;
  for (int call = 0; call < 50; ++call) state.learn(0.5 - state.mean(), 1, call_variance);
  const double before = state.mean();
  ASSERT_GT(before, 0.4);
  double last = before;
  for (std::uint32_t now = 1000; now <= 20'000; now += 1000) {
    state.advance_to(now);
    EXPECT_LT(state.mean(), last);
    EXPECT_GT(state.mean(), 0);
    last = state.mean();
  }
  EXPECT_LT(last, 0.01);
  EXPECT_NEAR(state.variance(), MachineState::usual_variance, 1e-4);
}

TEST(MachineState, FadesAlikeInOneStepAndInMany) {
  MachineState once;
  once.learn(0.5, 1, call_variance);
  MachineState often = once;
  once.advance_to(3000);
  for (std::uint32_t now = 0; now <= 3000; now += 60) often.advance_to(now);
  EXPECT_NEAR(once.mean(), often.mean(), 1e-9);
  EXPECT_NEAR(once.variance(), often.variance(), 1e-9);
}

TEST(MachineState, AClockThatStepsBackOrWrapsDoesNoHarm) {
  MachineState state;
  state.learn(0.5, 1, call_variance);
  const double before = state.mean();
  state.advance_to(10'000);
  const double faded = state.mean();
  EXPECT_LT(faded, before);
  // Another thread is a little behind.
  state.advance_to(9'990);
  EXPECT_EQ(state.mean(), faded);
  // What is far from now in either direction says nothing about it.
  for (const std::uint32_t now : {5'000U, 0x9000'0000U, 3'000'000U}) {
    MachineState other;
    other.advance_to(10'000);
    other.learn(0.5, 1, call_variance);
    other.advance_to(now);
    EXPECT_EQ(other.mean(), 0);
    EXPECT_EQ(other.variance(), MachineState::usual_variance);
    other.learn(0.5, 1, call_variance);
    EXPECT_GT(other.mean(), 0.2);
  }
  MachineState wraps;
  wraps.advance_to(0xFFFF'FF00U);
  wraps.learn(0.5, 1, call_variance);
  const double learnt = wraps.mean();
  wraps.advance_to(100);  // 356 ms later
  EXPECT_LT(wraps.mean(), learnt);
  EXPECT_GT(wraps.mean(), 0.7 * learnt);
}

TEST(MachineState, NothingMakesItUnbelievable) {
  MachineState state;
  for (const double surprise :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN(), 1e300, -1e300}) {
    state.learn(surprise, 1, call_variance);
    EXPECT_LE(std::abs(state.mean()), MachineState::most);
    EXPECT_GT(state.variance(), 0);
  }
  state.learn(0.1, 1, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isfinite(state.mean()));
}

TEST(MachineState, SurvivesBeingPacked) {
  Rng rng(3);
  for (int i = 0; i < 200; ++i) {
    MachineState state;
    state.advance_to(static_cast<std::uint32_t>(rng.below(0xFFFF'FFFFU)));
    for (int call = 0; call < 5; ++call) state.learn(2 * rng.normal(), 1, call_variance);
    MachineState again = MachineState::unpack(state.pack());
    EXPECT_NEAR(again.mean(), state.mean(), 1e-4);
    EXPECT_NEAR(again.variance(), state.variance(), 1e-4);
    EXPECT_EQ(again.pack(), state.pack());
  }
}

}  // namespace
}  // namespace blastune
