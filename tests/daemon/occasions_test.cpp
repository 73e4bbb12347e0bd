// SPDX-License-Identifier: BSD-3-Clause
//
// Upkeep on a machine whose threads are worth another thing each time.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "daemon/build_upkeep.h"
#include "tests/daemon/small_library.h"
#include "tests/daemon/upkeep_machine.h"

namespace blastune {
namespace {

using Purpose = BuildUpkeep::Purpose;
using testing::four_counts;
using testing::small_library;
using testing::small_options;
using Machine = testing::UpkeepMachine;

constexpr double cheap_start = 2e-5;
constexpr double dear_start = 2e-4;

// All of it on one occasion more.
void measure_again(Machine& machine, BuildUpkeep& upkeep) {
  machine.pass(600);
  upkeep.begin_again();
  ASSERT_TRUE(upkeep.is_measuring_again());
  machine.work(upkeep, Purpose::measure_again);
  ASSERT_FALSE(upkeep.is_measuring_again());
  machine.work(upkeep, Purpose::measure);
}

// Geometric mean over the table's gemms of what its choices lose where a start costs so much.
double regret(const Table& table, double start_cost) {
  const auto seconds = [start_cost](const Gemm& gemm, int threads) {
    return Machine::seconds_of(gemm, threads, start_cost);
  };
  double sum = 0;
  for (const Curve& curve : table.curves) {
    double best = seconds(curve.gemm, 1);
    for (const int threads : four_counts) best = std::min(best, seconds(curve.gemm, threads));
    const int chosen = best_threads(curve, four_counts.back(), table.tolerance);
    sum += std::log(seconds(curve.gemm, chosen) / best);
  }
  return std::exp(sum / static_cast<double>(table.curves.size()));
}

std::vector<int> choices(const Table& table) {
  std::vector<int> chosen;
  for (const Curve& curve : table.curves)
    chosen.push_back(best_threads(curve, four_counts.back(), table.tolerance));
  return chosen;
}

TEST(Occasions, MeasureAllOfItOnceMore) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.occasions(), 1);
  upkeep.mark_saved();
  const Table before = upkeep.table();
  measure_again(machine, upkeep);
  EXPECT_EQ(upkeep.occasions(), 2);
  EXPECT_TRUE(upkeep.has_news());
  EXPECT_EQ(upkeep.uncertain(), 0U);
  const Table after = upkeep.table();
  EXPECT_EQ(after.occasions, 2);
  EXPECT_GT(after.measured_unix, before.measured_unix);
  EXPECT_GT(after.spent_seconds, before.spent_seconds);
  EXPECT_LT(after.spent_seconds, 2 * before.spent_seconds) << "what is settled needs a burst of each count";
  for (const Curve& curve : before.curves) {
    for (const CurvePoint& point : curve.points) {
      EXPECT_GT(after.find(curve.gemm)->find(point.threads)->seconds.count(), point.seconds.count())
          << describe(curve.gemm) << " with " << point.threads;
    }
  }
  // And it is asked for by nobody else.
  EXPECT_TRUE(upkeep.next(Purpose::measure_again, 1).empty());
  EXPECT_TRUE(upkeep.next(Purpose::measure, 1).empty());
}

TEST(Occasions, MakeATableThatIsGoodInEveryState) {
  Machine machine;
  machine.start_cost = dear_start;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const double once = regret(upkeep.table(), cheap_start);
  EXPECT_LT(regret(upkeep.table(), dear_start), 1.01);
  EXPECT_GT(once, 1.1) << "or this machine has no states that matter";
  for (int occasion = 1; occasion < 10; ++occasion) {
    machine.start_cost = occasion % 2 == 0 ? dear_start : cheap_start;
    measure_again(machine, upkeep);
  }
  EXPECT_EQ(upkeep.occasions(), 10);
  const Table table = upkeep.table();
  EXPECT_LT(std::log(regret(table, cheap_start)), 0.7 * std::log(once));
  EXPECT_LT(std::sqrt(regret(table, cheap_start) * regret(table, dear_start)), std::sqrt(once))
      << "better over both states than what one of them alone taught";
}

TEST(Occasions, AnotherSpeedChangesNoChoiceAndIsNoDriftAfterwards) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const auto chosen = choices(upkeep.table());
  machine.slowdown = [](const Gemm& /*gemm*/) { return 3.0; };
  measure_again(machine, upkeep);
  EXPECT_EQ(choices(upkeep.table()), chosen);
  machine.check(upkeep);
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
}

TEST(Occasions, AStateThatPassesIsNoDrift) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  machine.pass(3600);
  machine.start_cost = 10 * dear_start;
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  EXPECT_GT(upkeep.suspects(), 0U);
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  EXPECT_EQ(upkeep.uncertain(), 0U);
  EXPECT_EQ(upkeep.table().checked_unix, 0) << "the next life must not believe it either";
  machine.start_cost = cheap_start;
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  EXPECT_EQ(upkeep.suspects(), 0U);
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  const Table after = upkeep.table();
  EXPECT_GE(after.checked_unix, before.checked_unix + 3600);
  std::size_t more = 0;
  for (const Curve& curve : before.curves) {
    for (const CurvePoint& point : curve.points) {
      const auto bursts = after.find(curve.gemm)->find(point.threads)->seconds.count();
      EXPECT_GE(bursts, point.seconds.count()) << describe(curve.gemm);
      if (bursts >= point.seconds.count() + 10) ++more;
    }
  }
  EXPECT_GT(more, 0U) << "both checks' bursts count";
}

// It is known to be wrong, and what it says would be found to have drifted once more.
TEST(Occasions, WhatIsStaleIsNoCanary) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  machine.slowdown = [](const Gemm& /*gemm*/) { return 3.0; };
  machine.check(upkeep);
  ASSERT_GT(upkeep.drifted_last_check(), 0U);
  ASSERT_GT(upkeep.uncertain(), 0U);
  for (int check = 0; check < 5; ++check) {
    upkeep.begin_check(machine.unix_seconds());
    machine.work(upkeep, Purpose::check);
    EXPECT_EQ(upkeep.suspects(), 0U);
    EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  }
  EXPECT_GT(upkeep.uncertain(), 0U) << "and is still to be measured";
}

TEST(Occasions, ASlowSpellMovesNoCurve) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  machine.slowdown = [](const Gemm& /*gemm*/) { return 3.0; };
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  ASSERT_GT(upkeep.suspects(), 0U);
  machine.slowdown = [](const Gemm& /*gemm*/) { return 1.0; };
  for (int check = 0; check < 20; ++check) {
    upkeep.begin_check(machine.unix_seconds());
    machine.work(upkeep, Purpose::check);
    EXPECT_EQ(upkeep.suspects(), 0U);
    EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  }
  for (const Curve& curve : upkeep.table().curves) {
    for (const CurvePoint& point : before.find(curve.gemm)->points) {
      EXPECT_NEAR(curve.find(point.threads)->seconds.mean() / point.seconds.mean(), 1, 0.25)
          << describe(curve.gemm);
    }
  }
}

TEST(Occasions, ASecondCheckThatNobodyAnswersDecidesNothing) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  machine.start_cost = 10 * dear_start;
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  const std::size_t suspects = upkeep.suspects();
  ASSERT_GT(suspects, 0U);
  upkeep.begin_check(machine.unix_seconds());
  for (auto requests = upkeep.next(Purpose::check, 0.25); !requests.empty();
       requests = upkeep.next(Purpose::check, 0.25)) {
    const std::vector<std::optional<BurstResult>> lost(requests.size());
    upkeep.record(requests, lost, 1, machine.unix_seconds());
  }
  EXPECT_EQ(upkeep.suspects(), suspects);
  EXPECT_EQ(upkeep.table().checked_unix, 0);
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  EXPECT_EQ(upkeep.drifted_last_check(), suspects);
}

TEST(Occasions, WhatTwoChecksFindHasDriftedAndBeginsAnew) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  measure_again(machine, upkeep);
  ASSERT_EQ(upkeep.occasions(), 2);
  machine.start_cost = 10 * dear_start;
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  const std::size_t suspects = upkeep.suspects();
  ASSERT_GT(suspects, 0U);
  EXPECT_EQ(upkeep.occasions(), 2);
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  EXPECT_EQ(upkeep.suspects(), 0U);
  EXPECT_EQ(upkeep.drifted_last_check(), suspects) << "the same canaries, and all are slower";
  EXPECT_GT(upkeep.uncertain(), 0U);
  EXPECT_EQ(upkeep.occasions(), 1);
  machine.work(upkeep, Purpose::measure);
  EXPECT_LT(regret(upkeep.table(), 10 * dear_start), 1.05);
}

TEST(Occasions, ComeAfterWhatIsOpenAndGoOnAfterACheck) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  upkeep.begin_again();
  EXPECT_FALSE(upkeep.is_measuring_again()) << "while gemms are open";
  machine.work(upkeep, Purpose::measure);
  upkeep.begin_check(machine.unix_seconds());
  upkeep.begin_again();
  EXPECT_FALSE(upkeep.is_measuring_again()) << "while it checks";
  machine.work(upkeep, Purpose::check);
  const Table before = upkeep.table();
  upkeep.begin_again();
  ASSERT_TRUE(machine.slice(upkeep, Purpose::measure_again));
  EXPECT_EQ(upkeep.uncertain(), 0U);
  upkeep.begin_check(machine.unix_seconds());
  machine.work(upkeep, Purpose::check);
  EXPECT_TRUE(upkeep.is_measuring_again());
  EXPECT_EQ(upkeep.occasions(), 1);
  const auto bursts = [](const Table& table) {
    std::int64_t sum = 0;
    for (const Curve& curve : table.curves)
      for (const CurvePoint& point : curve.points) sum += point.seconds.count();
    return sum;
  };
  EXPECT_GT(bursts(upkeep.table()), bursts(before)) << "what was measured until then counts";
  // A check in which everything has drifted ends it.
  const auto until_then = bursts(upkeep.table());
  ASSERT_TRUE(machine.slice(upkeep, Purpose::measure_again));
  EXPECT_GT(bursts(upkeep.table()), until_then);
  machine.slowdown = [](const Gemm& /*gemm*/) { return 5.0; };
  machine.check(upkeep);
  EXPECT_GT(upkeep.drifted_last_check(), 0U);
  EXPECT_FALSE(upkeep.is_measuring_again());
  EXPECT_EQ(upkeep.occasions(), 1);
}

// On a large machine with a small budget it is further from one slice to the next than on a small one, and
// all of them together take longer than it is from one check to the next.
TEST(Occasions, EndHoweverManyChecksComeBetween) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  upkeep.begin_again();
  int checks = 0;
  while (machine.slice(upkeep, Purpose::measure_again, 0.02)) {
    machine.check(upkeep);
    ASSERT_LT(++checks, 10'000);
  }
  EXPECT_GT(checks, 5);
  EXPECT_EQ(upkeep.occasions(), 2);
}

// One without an end would spend the budget for ever.
TEST(Occasions, EndAlsoWhereNobodyAnswers) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  upkeep.begin_again();
  int slices = 0;
  for (auto requests = upkeep.next(Purpose::measure_again, 0.25); !requests.empty();
       requests = upkeep.next(Purpose::measure_again, 0.25)) {
    ASSERT_LT(++slices, 20'000);
    const std::vector<std::optional<BurstResult>> lost(requests.size());
    upkeep.record(requests, lost, 0.1, machine.unix_seconds());
  }
  EXPECT_FALSE(upkeep.is_measuring_again());
  EXPECT_EQ(upkeep.occasions(), 2);
  EXPECT_EQ(upkeep.table().curves, before.curves);
}

TEST(Occasions, AreKeptByTheTable) {
  Machine machine;
  BuildUpkeep first(small_library(), {}, small_options(), 7);
  machine.work(first, Purpose::measure);
  measure_again(machine, first);
  BuildUpkeep second(small_library(), first.table(), small_options(), 8);
  EXPECT_EQ(second.occasions(), 2);
}

}  // namespace
}  // namespace blastune
