// SPDX-License-Identifier: BSD-3-Clause
#include "client/call_record.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/client/simulated_program.h"

namespace blastune {
namespace {

using namespace testing;

Alternatives alternatives(double one_seconds, double several_seconds, double handicap = 0) {
  Alternatives known;
  known.several = 4;
  known.one_seconds = one_seconds;
  known.several_seconds = several_seconds;
  known.handicap = handicap;
  known.loading = 1;
  known.error = 0.1;
  return known;
}

TEST(CallRecord, WithoutATableThereIsNoOpinion) {
  CallRecord record;
  MachineState state;
  EXPECT_FALSE(record.has_opinion());
  EXPECT_EQ(record.before(state).threads, 0);
  EXPECT_EQ(record.threads(3), 0);
  EXPECT_EQ(record.expected_seconds(2, 0), 0);
  record.after(2, 1e-3, state);
  EXPECT_EQ(state.mean(), 0);
  for (Alternatives broken : {Alternatives{}, alternatives(0, 1e-3), alternatives(1e-3, 0),
                              alternatives(std::numeric_limits<double>::quiet_NaN(), 1e-3)})
    EXPECT_FALSE(CallRecord(broken).has_opinion());
}

TEST(CallRecord, BeginsWithWhatTheTableKnows) {
  EXPECT_EQ(CallRecord(alternatives(1e-3, 0.7e-3)).threads(0), 4);
  EXPECT_EQ(CallRecord(alternatives(0.7e-3, 1e-3)).threads(0), 1);
  const CallRecord record(alternatives(1e-3, 0.7e-3));
  EXPECT_NEAR(record.expected_seconds(1, 0.3), 1e-3, 1e-9);
  EXPECT_NEAR(record.expected_seconds(4, 0), 0.7e-3, 1e-9);
  EXPECT_NEAR(record.expected_seconds(4, 0.3), 0.7e-3 * std::exp(0.3), 1e-9);
}

TEST(CallRecord, OneThreadThatMustEarnItsPlaceNeedsAGain) {
  EXPECT_EQ(CallRecord(alternatives(0.8e-3, 1e-3, 0.3)).threads(0), 4);
  EXPECT_EQ(CallRecord(alternatives(0.6e-3, 1e-3, 0.3)).threads(0), 1);
}

TEST(CallRecord, AWorseStateNeverMeansMoreThreads) {
  for (const double several : {0.3e-3, 0.7e-3, 1e-3, 1.5e-3}) {
    const CallRecord record(alternatives(1e-3, several));
    int last = 4;
    for (double state = -1.5; state <= 1.5; state += 0.01) {
      const int threads = record.threads(state);
      EXPECT_LE(threads, last);
      last = threads;
    }
    EXPECT_EQ(last, 1);
  }
}

// Around the state in which both counts take equally long.
TEST(CallRecord, DoesNotFlapWhereNothingIsGained) {
  CallRecord record(alternatives(1e-3, 1e-3));
  MachineState state;
  Rng rng(5);
  int changes = 0;
  int last = 0;
  for (int call = 0; call < 20'000; ++call) {
    const CallRecord::Plan plan = record.before(state);
    record.after(plan.threads, 1e-3 * std::exp(0.07 * rng.normal()), state);
    if (last != 0 && last != plan.threads) ++changes;
    last = plan.threads;
    state.advance_to(static_cast<std::uint32_t>(call));
  }
  EXPECT_LT(changes, 400);
}

TEST(CallRecord, AProgramsOwnCallsSettleWhatTheTableDoubts) {
  // One thread is 15 % faster, and the table demands 30 % of it.
  CallRecord record(alternatives(0.85e-3, 1e-3, 0.3));
  MachineState state;
  ASSERT_EQ(record.threads(0), 4);
  for (int call = 0; call < 3000; ++call) {
    state.advance_to(static_cast<std::uint32_t>(call));
    const CallRecord::Plan plan = record.before(state);
    if (plan.teaches) record.after(plan.threads, plan.threads == 1 ? 0.85e-3 : 1e-3, state);
  }
  EXPECT_EQ(record.threads(0), 1);
}

TEST(CallRecord, WhatTheTableGotWrongIsFoundOut) {
  for (const bool one_is_better : {true, false}) {
    CallRecord record(one_is_better ? alternatives(1e-3, 0.8e-3) : alternatives(0.8e-3, 1e-3));
    MachineState state;
    int wrong = 0;
    constexpr int all = 5000;
    for (int call = 0; call < all; ++call) {
      state.advance_to(static_cast<std::uint32_t>(call));
      const CallRecord::Plan plan = record.before(state);
      if ((plan.threads == 1) != one_is_better) ++wrong;
      if (plan.teaches)
        record.after(plan.threads, (plan.threads == 1) == one_is_better ? 0.8e-3 : 1e-3, state);
    }
    EXPECT_LT(wrong, all / 10) << one_is_better;
  }
}

TEST(CallRecord, ProbesCostNoMoreThanHalfAPercent) {
  // The challenger takes 1.5 times as long, and the table says no more than 1.2.
  CallRecord record(alternatives(1e-3, 1.2e-3));
  MachineState state;
  double spent = 0;
  constexpr int calls = 100'000;
  for (int call = 0; call < calls; ++call) {
    state.advance_to(static_cast<std::uint32_t>(call));
    const CallRecord::Plan plan = record.before(state);
    const double seconds = plan.threads == 1 ? 1e-3 : 1.5e-3;
    spent += seconds;
    if (plan.teaches) record.after(plan.threads, seconds, state);
  }
  EXPECT_LT(spent, 1.006 * calls * 1e-3);
}

TEST(CallRecord, WhatIsHopelessIsNotProbed) {
  CallRecord record(alternatives(1e-3, 2e-3));
  MachineState state;
  for (int call = 0; call < 20'000; ++call) {
    const CallRecord::Plan plan = record.before(state);
    ASSERT_EQ(plan.threads, 1);
    record.after(1, 1e-3, state);
  }
}

TEST(CallRecord, TheFirstCallOfAProbeTeachesNothing) {
  CallRecord record(alternatives(1e-3, 1.1e-3));
  MachineState state;
  bool seen = false;
  for (int call = 0; call < 2000; ++call) {
    const CallRecord::Plan plan = record.before(state);
    if (plan.threads == 4) {
      EXPECT_EQ(plan.teaches, seen);
      if (seen) return;
      seen = true;
    }
    if (plan.teaches) record.after(plan.threads, 1e-3, state);
  }
  FAIL() << "there was no probe";
}

TEST(CallRecord, OneThreadTeachesNothingAboutTheState) {
  CallRecord record(alternatives(1e-3, 2e-3));
  MachineState state;
  for (int call = 0; call < 100; ++call) record.after(1, 5e-3, state);
  EXPECT_EQ(state.mean(), 0);
  // Nor does a count that is neither of the two.
  for (int call = 0; call < 100; ++call) record.after(3, 5e-3, state);
  EXPECT_EQ(state.mean(), 0);
}

TEST(CallRecord, OddSecondsDoNoHarm) {
  CallRecord record(alternatives(1e-3, 0.7e-3));
  MachineState state;
  for (const double seconds : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), 1e30, 1e-30}) {
    record.after(4, seconds, state);
    record.after(1, seconds, state);
    EXPECT_TRUE(std::isfinite(state.mean()));
    EXPECT_TRUE(std::isfinite(record.expected_seconds(4, state.mean())));
    EXPECT_GT(record.expected_seconds(1, 0), 0);
  }
}

// The figures of the simulation: what a program pays that follows its own calls. `best` knows the state.
struct Case {
  const char* name;
  SimulatedWorld world;
};

SimulatedWorld world_of(double table_state, std::function<double(double)> level, double wobble = 0.15) {
  SimulatedWorld world;
  world.table_state = table_state;
  world.level = std::move(level);
  world.wobble = wobble;
  return world;
}

double two_states(double now) {
  return std::fmod(now, 20) < 10 ? 0.25 : -0.25;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  all.push_back({"calm", world_of(
                             0, [](double) { return 0; }, 0)});
  all.push_back({"wobbling", world_of(0, [](double) { return 0; })});
  all.push_back({"two states, table of the bad one", world_of(0.25, two_states)});
  all.push_back({"two states, table of the good one", world_of(-0.25, two_states)});
  all.push_back({"drifting", world_of(
                                 0, [](double now) { return 0.4 * std::sin(now / 6); }, 0)});
  Case cold{"operands from memory", world_of(0, [](double) { return 0; })};
  cold.world.own = 0.3;
  all.push_back(cold);
  for (const SimulatedGemm& gemm : usual_gemms) {
    Case single{"a single gemm", world_of(0.25, two_states)};
    single.world.gemms = {gemm};
    all.push_back(single);
  }
  return all;
}

TEST(CallRecordSimulated, AProgramPaysLittleMoreThanWhoeverKnowsTheState) {
  for (const auto& [name, world] : cases()) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const SimulatedOutcome outcome = run_program(world, seed);
      EXPECT_LT(outcome.feedback, 1.03) << name << ", seed " << seed;
      EXPECT_LT(outcome.feedback, outcome.two * 1.005) << name << ", seed " << seed;
      EXPECT_LT(outcome.feedback, outcome.table * 1.005) << name << ", seed " << seed;
      EXPECT_LT(outcome.worst, 1.05) << name << ", seed " << seed;
      EXPECT_LT(outcome.changes_per_call, 0.02) << name << ", seed " << seed;
    }
  }
}

TEST(CallRecordSimulated, TheStateIsEstimatedWellWhereSeveralThreadsAreInUse) {
  SimulatedWorld world = world_of(0, two_states);
  world.gemms = {usual_gemms.end() - 4, usual_gemms.end()};
  for (std::uint64_t seed = 1; seed <= 4; ++seed)
    EXPECT_LT(run_program(world, seed).state_error, 0.15) << seed;
}

// From the moment at which the state changes, in seconds of the program's own calls.
TEST(CallRecordSimulated, AChangeIsFollowedWithinAFifthOfASecond) {
  for (const double before : {-0.3, 0.3}) {
    MachineState state;
    // The first is the one whose count must change; the second tells of the state.
    CallRecord small(alternatives(160e-6, 160e-6));
    CallRecord large(alternatives(1e-3, 0.6e-3));
    double now = 0;
    double followed = -1;
    Rng rng(11);
    const auto truth = [&] { return now < 3 ? before : -before; };
    while (now < 4 && followed < 0) {
      for (CallRecord* record : {&small, &large}) {
        state.advance_to(static_cast<std::uint32_t>(now * 1e3));
        const CallRecord::Plan plan = record->before(state);
        const double level = record == &small ? 160e-6 : 1e-3;
        const double ratio = record == &small ? 1 : 0.6;
        const double seconds = plan.threads == 1 ? level : level * ratio * std::exp(truth());
        now += seconds;
        if (plan.teaches) record->after(plan.threads, seconds * std::exp(0.05 * rng.normal()), state);
        if (record == &small && now > 3 && plan.threads == (before < 0 ? 1 : 4)) followed = now - 3;
      }
    }
    EXPECT_GT(followed, 0) << before;
    EXPECT_LT(followed, 0.2) << before;
  }
}

}  // namespace
}  // namespace blastune
