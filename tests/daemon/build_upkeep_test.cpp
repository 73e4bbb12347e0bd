// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/build_upkeep.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "model/rng.h"
#include "tests/daemon/small_library.h"
#include "tests/daemon/upkeep_machine.h"

namespace blastune {
namespace {

using Purpose = BuildUpkeep::Purpose;
using testing::four_counts;
using testing::small_library;
using testing::small_options;
using Machine = testing::UpkeepMachine;

// What of the past a table may not lose: every gemm, and every burst of those that hold.
void expect_keeps(const Table& now, const Table& before, const std::string& when) {
  for (const Curve& curve : before.curves) {
    const Curve* kept = now.find(curve.gemm);
    ASSERT_NE(kept, nullptr) << when << ": lost " << describe(curve.gemm);
    for (const CurvePoint& point : curve.points) {
      ASSERT_NE(kept->find(point.threads), nullptr) << when << ": lost a count of " << describe(curve.gemm);
      ASSERT_GE(kept->find(point.threads)->seconds.count(), point.seconds.count()) << when;
    }
  }
  ASSERT_GE(now.spent_seconds, before.spent_seconds) << when;
  ASSERT_GE(now.checked_unix, before.checked_unix) << when;
  ASSERT_GE(now.measured_unix, before.measured_unix) << when;
}

// What was learnt: the curves without the count of bursts that taught nothing.
std::vector<Curve> bursts_of(const Table& table) {
  std::vector<Curve> curves = table.curves;
  for (Curve& curve : curves) curve.disturbed = 0;
  return curves;
}

TEST(BuildUpkeep, MeasuresUntilEverythingIsSettled) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  EXPECT_GT(upkeep.gemms(), 20U);
  EXPECT_EQ(upkeep.uncertain(), upkeep.gemms());
  EXPECT_FALSE(upkeep.has_news());
  EXPECT_TRUE(upkeep.table().curves.empty());
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.uncertain(), 0U);
  EXPECT_TRUE(upkeep.has_news());
  const Table table = upkeep.table();
  EXPECT_GE(table.curves.size(), upkeep.gemms());
  EXPECT_EQ(table.build, small_library().build);
  EXPECT_EQ(table.default_threads, 4);
  EXPECT_NEAR(table.spent_seconds, upkeep.measured_seconds(), 1e-9);
  EXPECT_GT(table.measured_unix, 1'700'000'000 - 1);
  EXPECT_GT(table.checked_unix, 0);
  EXPECT_TRUE(std::ranges::is_sorted(table.curves, {}, &Curve::gemm));
  for (const Curve& curve : table.curves) EXPECT_EQ(curve.points.size(), four_counts.size());
  // Settled stays settled: nothing is asked for, and nothing changes.
  EXPECT_TRUE(upkeep.next(Purpose::measure, 10).empty());
  EXPECT_EQ(upkeep.table(), table);
}

TEST(BuildUpkeep, WhatIsKnownIsKeptAndAddedTo) {
  Machine machine;
  BuildUpkeep first(small_library(), {}, small_options(), 7);
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(machine.slice(first, Purpose::measure));
  Table known = first.table();
  ASSERT_FALSE(known.curves.empty());
  Curve others;  // of a tune with other shapes
  others.gemm = {DType::f32, Transpose::none, Transpose::none, 33, 44, 55};
  others.at(1).seconds = Moments::from_summary(5, 1e-4, 1e-6);
  known.add(others);
  known.build.path = "/where/it/was";
  known.default_threads = 8;

  BuildUpkeep second(small_library(), known, small_options(), 8);
  EXPECT_EQ(second.table().curves, known.curves);
  EXPECT_EQ(second.table().build.path, small_library().build.path);
  EXPECT_EQ(second.table().default_threads, 8) << "fewer processors are online, the library is the same";
  EXPECT_DOUBLE_EQ(second.measured_seconds(), known.spent_seconds);
  EXPECT_FALSE(second.has_news());
  machine.work(second, Purpose::measure);
  expect_keeps(second.table(), known, "after measuring on");
  EXPECT_GT(second.table().curves.size(), known.curves.size());
  EXPECT_EQ(*second.table().find(others.gemm), others);
}

TEST(BuildUpkeep, ASettledTableNeedsNothing) {
  Machine machine;
  BuildUpkeep first(small_library(), {}, small_options(), 7);
  machine.work(first, Purpose::measure);
  BuildUpkeep second(small_library(), first.table(), small_options(), 8);
  EXPECT_EQ(second.uncertain(), 0U);
  EXPECT_EQ(second.gemms(), first.gemms());
  EXPECT_TRUE(second.next(Purpose::measure, 1).empty());
  EXPECT_EQ(second.table(), first.table());
}

TEST(BuildUpkeep, ACheckThatFindsAllAsItWasAddsItsBursts) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  upkeep.mark_saved();
  const Table before = upkeep.table();
  machine.pass(6 * 3600);
  machine.check(upkeep);
  EXPECT_FALSE(upkeep.is_checking());
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  EXPECT_EQ(upkeep.uncertain(), 0U);
  EXPECT_TRUE(upkeep.has_news());
  const Table after = upkeep.table();
  expect_keeps(after, before, "after a check");
  EXPECT_GE(after.checked_unix, before.checked_unix + 6 * 3600);
  EXPECT_EQ(after.measured_unix, before.measured_unix);
  EXPECT_GT(after.spent_seconds, before.spent_seconds);
  const auto more = std::ranges::count_if(
      after.curves, [&](const Curve& curve) { return curve != *before.find(curve.gemm); });
  EXPECT_GT(more, 0);
  EXPECT_LE(more, 8);
}

TEST(BuildUpkeep, NothingToCheckIsACheckThatIsOver) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  upkeep.begin_check(1'800'000'000);
  EXPECT_FALSE(upkeep.is_checking());
  EXPECT_TRUE(upkeep.next(Purpose::check, 1).empty());
  EXPECT_EQ(upkeep.table().checked_unix, 1'800'000'000);
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.uncertain(), 0U);
}

// On a machine that became three times as slow a mean tells of which time it is.
enum class Age { old, fresh, mixed };

Age age_of(const Curve& curve, const Table& before) {
  const Curve* was = before.find(curve.gemm);
  if (was == nullptr) return Age::fresh;
  std::size_t fresh = 0;
  for (const CurvePoint& point : curve.points) {
    const double ratio = point.seconds.mean() / was->find(point.threads)->seconds.mean();
    if (ratio > 1.2 && ratio < 2.4) return Age::mixed;
    if (ratio >= 2.4) ++fresh;
  }
  if (fresh == 0) return Age::old;
  return fresh == curve.points.size() ? Age::fresh : Age::mixed;
}

// How many curves are of now. Every one there was is there, whole, and of one time.
std::size_t count_fresh(const Table& table, const Table& before) {
  std::size_t fresh = 0;
  for (const Curve& curve : before.curves) EXPECT_NE(table.find(curve.gemm), nullptr) << describe(curve.gemm);
  for (const Curve& curve : table.curves) {
    EXPECT_EQ(curve.points.size(), four_counts.size()) << describe(curve.gemm);
    const Age age = age_of(curve, before);
    EXPECT_NE(age, Age::mixed) << describe(curve.gemm);
    if (age == Age::fresh) ++fresh;
  }
  return fresh;
}

TEST(BuildUpkeep, WhatDriftedStaysUntilWhatReplacesItIsWhole) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  machine.slowdown = [](const Gemm& /*gemm*/) { return 3.0; };
  machine.check(upkeep);
  ASSERT_GT(upkeep.drifted_last_check(), 0U);
  EXPECT_GT(upkeep.uncertain(), 0U);
  EXPECT_EQ(count_fresh(upkeep.table(), before), upkeep.drifted_last_check())
      << "a canary's own curve is replaced at once";
  EXPECT_EQ(upkeep.table().checked_unix, 0) << "the next life must not believe the others";
  EXPECT_EQ(upkeep.checked_unix(), machine.unix_seconds());
  std::size_t last = 0;
  int slices = 0;
  while (machine.slice(upkeep, Purpose::measure, 0.02)) {
    ASSERT_LT(++slices, 50'000);
    const std::size_t fresh = count_fresh(upkeep.table(), before);
    ASSERT_GE(fresh, last);
    ASSERT_FALSE(HasFailure());
    last = fresh;
  }
  EXPECT_EQ(upkeep.uncertain(), 0U);
  EXPECT_EQ(last, upkeep.table().curves.size()) << "also what refinement had added";
  EXPECT_EQ(upkeep.table().checked_unix, upkeep.checked_unix());
  EXPECT_GT(upkeep.checked_unix(), 0);
  // And the checks that follow find all as the table says.
  for (int i = 0; i < 5; ++i) {
    machine.check(upkeep);
    EXPECT_EQ(upkeep.drifted_last_check(), 0U);
    EXPECT_EQ(upkeep.uncertain(), 0U);
  }
}

TEST(BuildUpkeep, OnlyWhatIsNearADriftedCanaryIsMeasuredAgain) {
  Machine machine;
  UpkeepOptions options = small_options();
  options.plan.dtypes = {DType::f32, DType::f64};
  BuildUpkeep upkeep(small_library(), {}, options, 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  machine.slowdown = [](const Gemm& gemm) { return gemm.dtype == DType::f32 ? 3.0 : 1.0; };
  machine.check(upkeep);
  ASSERT_GT(upkeep.drifted_last_check(), 0U);
  machine.work(upkeep, Purpose::measure);
  for (const Curve& curve : upkeep.table().curves) {
    const Age wanted =
        curve.gemm.dtype == DType::f32 || before.find(curve.gemm) == nullptr ? Age::fresh : Age::old;
    EXPECT_EQ(age_of(curve, before), wanted) << describe(curve.gemm);
  }
}

TEST(BuildUpkeep, ACheckThatNobodyAnswersLearnsNothing) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table before = upkeep.table();
  upkeep.begin_check(machine.unix_seconds());
  for (auto requests = upkeep.next(Purpose::check, 0.25); !requests.empty();
       requests = upkeep.next(Purpose::check, 0.25)) {
    const std::vector<std::optional<BurstResult>> lost(requests.size());
    upkeep.record(requests, lost, 1, machine.unix_seconds());
  }
  EXPECT_FALSE(upkeep.is_checking());
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  EXPECT_EQ(upkeep.table().curves, before.curves);
}

TEST(BuildUpkeep, ADiscardedSliceTeachesNothingAndIsAskedAgain) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  ASSERT_TRUE(machine.slice(upkeep, Purpose::measure));
  upkeep.mark_saved();
  const Table before = upkeep.table();
  const std::size_t uncertain = upkeep.uncertain();
  // More often than a burst may be lost before its gemm is given up.
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(machine.discarded_slice(upkeep, Purpose::measure, 0.25));
  EXPECT_EQ(bursts_of(upkeep.table()), bursts_of(before));
  EXPECT_FALSE(upkeep.has_news());
  EXPECT_EQ(upkeep.uncertain(), uncertain);
  EXPECT_NEAR(upkeep.measured_seconds(), before.spent_seconds + 50 * 0.25, 1e-9);
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.uncertain(), 0U);

  upkeep.mark_saved();
  const Table settled = upkeep.table();
  upkeep.begin_check(machine.unix_seconds());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(machine.discarded_slice(upkeep, Purpose::check, 0.25));
  EXPECT_TRUE(upkeep.is_checking());
  EXPECT_FALSE(upkeep.has_news());
  EXPECT_EQ(bursts_of(upkeep.table()), bursts_of(settled));
  EXPECT_NEAR(upkeep.measured_seconds(), settled.spent_seconds + 50 * 0.25, 1e-9);
  machine.work(upkeep, Purpose::check);
  EXPECT_FALSE(upkeep.is_checking());
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
}

TEST(BuildUpkeep, OtherCountsOpenWhatTheyWereNotMeasuredAt) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  const Table first = upkeep.table();
  upkeep.change(small_options({1, 2}));
  EXPECT_EQ(upkeep.table(), first);
  // What lost against counts that are no candidates now may be open among themselves.
  EXPECT_LT(upkeep.uncertain(), upkeep.gemms());
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.uncertain(), 0U);
  const Table before = upkeep.table();
  expect_keeps(before, first, "after fewer counts");
  upkeep.change(small_options({1, 2, 3, 4, 6, 8}));
  EXPECT_GT(upkeep.uncertain(), 0U);
  EXPECT_EQ(upkeep.table(), before);
  machine.work(upkeep, Purpose::measure);
  EXPECT_EQ(upkeep.uncertain(), 0U);
  expect_keeps(upkeep.table(), before, "after more counts");
  EXPECT_TRUE(std::ranges::any_of(upkeep.table().curves,
                                  [](const Curve& curve) { return curve.find(8) != nullptr; }));
}

TEST(BuildUpkeep, AChangeEndsACheckAndKeepsWhatWasNotSaved) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  upkeep.begin_check(machine.unix_seconds());
  ASSERT_TRUE(upkeep.is_checking());
  ASSERT_TRUE(machine.slice(upkeep, Purpose::check));
  UpkeepOptions options = small_options();
  options.tolerance = 0.05;
  upkeep.change(options);
  EXPECT_FALSE(upkeep.is_checking());
  EXPECT_TRUE(upkeep.has_news());
  EXPECT_DOUBLE_EQ(upkeep.table().tolerance, 0.05);
}

TEST(BuildUpkeep, LostBurstsAreCountedOverAllPlanners) {
  Machine machine({.burst_deviation = 0.02, .lost_share = 0.2});
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  std::int64_t last = 0;
  for (int i = 0; i < 40; ++i) {
    if (!machine.slice(upkeep, Purpose::measure)) break;
    EXPECT_GE(upkeep.lost_bursts(), last);
    last = upkeep.lost_bursts();
    if (i % 7 == 6) upkeep.change(small_options());
    EXPECT_GE(upkeep.lost_bursts(), last);
  }
  EXPECT_GT(last, 0);
}

TEST(BuildUpkeep, ALibraryThatAnswersNothingIsGivenUp) {
  Machine machine({.lost_share = 1.1});
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  machine.work(upkeep, Purpose::measure);
  EXPECT_TRUE(upkeep.table().curves.empty());
  EXPECT_EQ(upkeep.uncertain(), 0U);
  EXPECT_GT(upkeep.lost_bursts(), 0);
}

// Whatever is done in whatever order, no gemm, no burst and no time is lost while the machine stays the same,
// and news are told until they are saved.
TEST(BuildUpkeep, NothingIsLostInAnyOrder) {
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    Rng rng(seed);
    Machine machine({.burst_deviation = 0.02, .lost_share = 0.05, .seed = seed});
    const std::vector<std::vector<int>> counts{four_counts, {1, 2}, {1, 2, 4, 8}};
    BuildUpkeep upkeep(small_library(), {}, small_options(), seed);
    Table saved = upkeep.table();
    Table last = saved;
    for (int step = 0; step < 150; ++step) {
      const std::string when = "seed " + std::to_string(seed) + ", step " + std::to_string(step);
      const double slice = 0.05 + rng.uniform();
      switch (rng.below(13)) {
        case 0:
          machine.discarded_slice(upkeep, rng.below(2) == 0 ? Purpose::measure : Purpose::measure_again,
                                  slice);
          break;
        case 1:
          machine.discarded_slice(upkeep, Purpose::check, slice);
          break;
        case 2:
          if (!upkeep.is_checking()) upkeep.begin_check(machine.unix_seconds());
          break;
        case 3:
          upkeep.change(small_options(counts[rng.below(counts.size())]));
          break;
        case 4:
        case 5:
          machine.slice(upkeep, Purpose::check, slice);
          break;
        case 6:
          saved = upkeep.table();
          upkeep.mark_saved();
          break;
        case 7:
          upkeep.begin_again();
          break;
        case 8:
        case 9:
          machine.slice(upkeep, Purpose::measure_again, slice);
          break;
        default:
          machine.slice(upkeep, Purpose::measure, slice);
      }
      machine.pass(1);
      const Table now = upkeep.table();
      if (upkeep.drifted_last_check() == 0) expect_keeps(now, last, when);
      EXPECT_TRUE(std::ranges::is_sorted(now.curves, {}, &Curve::gemm)) << when;
      EXPECT_LE(upkeep.uncertain(), upkeep.gemms()) << when;
      EXPECT_EQ(upkeep.curves(), now.curves.size()) << when;
      EXPECT_EQ(upkeep.measured_unix(), now.measured_unix) << when;
      if (!upkeep.has_news()) {
        ASSERT_TRUE(bursts_of(now) == bursts_of(saved)) << when << ": a change that nobody would save";
      }
      ASSERT_FALSE(HasFailure()) << when;
      last = now;
    }
  }
}

// Taken down at any moment and made anew from what was saved, it ends where the other one ends.
TEST(BuildUpkeep, GoesOnFromWhatWasSaved) {
  Machine machine;
  Table saved;
  int lives = 0;
  for (bool done = false; !done; ++lives) {
    ASSERT_LT(lives, 1000);
    BuildUpkeep upkeep(small_library(), saved, small_options(), static_cast<std::uint64_t>(lives));
    for (int i = 0; i < 3 && !done; ++i) done = !machine.slice(upkeep, Purpose::measure, 1);
    done = done && upkeep.uncertain() == 0;
    const Table now = upkeep.table();
    expect_keeps(now, saved, "life " + std::to_string(lives));
    saved = now;
  }
  EXPECT_GT(lives, 1);
}

}  // namespace
}  // namespace blastune
