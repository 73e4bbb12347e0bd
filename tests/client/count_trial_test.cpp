// SPDX-License-Identifier: BSD-3-Clause
#include "client/count_trial.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

#include "model/rng.h"

namespace blastune {
namespace {

const GemmKey gemm = key_of({DType::f64, Transpose::none, Transpose::none, 100, 20, 784});
const GemmKey other_gemm = key_of({DType::f64, Transpose::none, Transpose::none, 50, 20, 100});

constexpr std::uint64_t word = 5;

TEST(CountTrial, IsOfOneAnswerUntilItEnds) {
  CountTrial trial;
  EXPECT_FALSE(trial.is_active());
  EXPECT_FALSE(trial.is_of(gemm, word, 2));
  trial.begin(gemm, word, 2);
  EXPECT_TRUE(trial.is_active());
  EXPECT_TRUE(trial.is_of(gemm, word, 2));
  EXPECT_FALSE(trial.is_of(other_gemm, word, 2));
  EXPECT_FALSE(trial.is_of(gemm, word + 1, 2)) << "of another table";
  EXPECT_FALSE(trial.is_of(gemm, word, 3)) << "under another limit";
  trial.end();
  EXPECT_FALSE(trial.is_of(gemm, word, 2));
}

TEST(CountTrial, TimesBothCountsAndPassesOverTheFirstCallsOfTheRival) {
  CountTrial trial;
  trial.begin(gemm, word, 2);
  for (int call = 0; call < CountTrial::timed_calls; ++call) {
    EXPECT_FALSE(trial.is_rivals_turn()) << call;
    EXPECT_FALSE(trial.note(2e-4)) << call;
  }
  const int rivals = CountTrial::passed_over_calls + CountTrial::timed_calls;
  std::optional<CountTrial::Outcome> outcome;
  for (int call = 0; call < rivals; ++call) {
    EXPECT_TRUE(trial.is_rivals_turn()) << call;
    EXPECT_FALSE(outcome) << call;
    outcome = trial.note(call < CountTrial::passed_over_calls ? 1 : 1e-4);
  }
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(trial.is_active());
  EXPECT_EQ(outcome->held_seconds, 2e-4);
  EXPECT_EQ(outcome->rival_seconds, 1e-4);
  EXPECT_TRUE(outcome->rival_wins());
  // The next one begins with the held count again.
  trial.begin(other_gemm, word, 2);
  EXPECT_FALSE(trial.is_rivals_turn());
}

CountTrial::Outcome outcome_of(CountTrial& trial, double held, double rival, int disturbed_calls) {
  trial.begin(gemm, word, 2);
  for (int call = 0;; ++call) {
    const double seconds = trial.is_rivals_turn() ? rival : held;
    const int of_part = trial.is_rivals_turn() ? call - CountTrial::timed_calls : call;
    const bool is_disturbed = of_part % 3 == 2 && of_part / 3 < disturbed_calls;
    if (const auto outcome = trial.note(is_disturbed ? 50 * seconds : seconds)) return *outcome;
  }
}

TEST(CountTrial, ADisturbedCallDecidesNothing) {
  CountTrial trial;
  const auto outcome = outcome_of(trial, 1e-4, 1.2e-4, 1);
  EXPECT_EQ(outcome.held_seconds, 1e-4);
  EXPECT_EQ(outcome.rival_seconds, 1.2e-4);
  EXPECT_FALSE(outcome.rival_wins());
}

TEST(CountTrial, WhatDiffersByLittleChangesNothing) {
  EXPECT_FALSE((CountTrial::Outcome{1e-4, 0.96e-4}.rival_wins()));
  EXPECT_FALSE((CountTrial::Outcome{1e-4, 1e-4}.rival_wins()));
  EXPECT_TRUE((CountTrial::Outcome{1e-4, 0.94e-4}.rival_wins()));
}

TEST(CallsUntilTrial, KeepTheCostOfTrialsBelowHalfAPercent) {
  Rng rng(1);
  for (int i = 0; i < 10'000; ++i) {
    const double held = 1e-6 * std::exp(rng.uniform() * 14);
    const double ratio = 0.5 + 2 * rng.uniform();
    const double calls = calls_until_trial(held, ratio * held);
    const double lost = 7 * std::max(0.0, ratio - 1);
    EXPECT_LE(lost, 0.005 * calls + 1e-9);
    EXPECT_GE(calls, 200 - 1) << "what follows a trial is slower too";
    if (calls < 1e6) {
      EXPECT_GE(calls * held, 0.02 - held);
    }
  }
  EXPECT_GT(calls_until_trial(0, 1), 0U);
  EXPECT_GT(calls_until_trial(std::numeric_limits<double>::quiet_NaN(), 1), 0U);
  EXPECT_EQ(calls_until_trial(1e-12, 1), 1'000'000U);
}

// A program that does one multiply again and again, on a machine whose second state comes and goes; seconds
// of each count, in each state. Against who always knows, and against who stays with one count.
TEST(CountTrial, FollowsStatesThatLast) {
  Rng rng(7);
  const double seconds[2][2] = {{100e-6, 65e-6}, {100e-6, 130e-6}};
  double now = 0;
  double known = 0;
  double followed = 0;
  double constant[2] = {};
  CountTrial trial;
  int held = 1;
  std::uint32_t left = 50;
  for (int call = 0; call < 400'000; ++call) {
    const auto& state = seconds[static_cast<int>(now / 3) % 2];
    if (--left == 0) trial.begin(gemm, word, 2);
    const int used = trial.is_active() && trial.is_rivals_turn() ? 1 - held : held;
    const double noise = 1 + 0.1 * rng.uniform() + (rng.below(20) == 0 ? 5.0 : 0.0);
    const double taken = noise * state[used];
    now += taken;
    followed += taken;
    known += noise * std::min(state[0], state[1]);
    for (int count : {0, 1}) constant[count] += noise * state[count];
    if (!trial.is_active()) continue;
    if (const auto outcome = trial.note(taken)) {
      const bool wins = outcome->rival_wins();
      if (wins) held = 1 - held;
      left = wins ? calls_until_trial(outcome->rival_seconds, outcome->held_seconds)
                  : calls_until_trial(outcome->held_seconds, outcome->rival_seconds);
    }
  }
  EXPECT_LT(followed, 1.03 * known);
  EXPECT_LT(followed, 0.9 * std::min(constant[0], constant[1]));
}

}  // namespace
}  // namespace blastune
