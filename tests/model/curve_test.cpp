// SPDX-License-Identifier: BSD-3-Clause
#include "model/curve.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/rng.h"
#include "model/table.h"

namespace blastune {
namespace {

Curve curve_with(const std::vector<std::pair<int, double>>& points) {
  Curve curve;
  curve.gemm = {DType::f64, Transpose::none, Transpose::none, 100, 500, 784};
  for (const auto& [threads, seconds] : points) curve.at(threads).seconds.add(seconds);
  return curve;
}

TEST(Moments, MergedInAnySplitTheyEqualTheWhole) {
  Rng rng(1);
  for (int trial = 0; trial < 100; ++trial) {
    Moments whole;
    Moments left;
    Moments right;
    const std::size_t count = 2 + rng.below(20);
    const std::size_t cut = rng.below(count + 1);
    for (std::size_t i = 0; i < count; ++i) {
      const double value = 1 + rng.uniform();
      whole.add(value);
      (i < cut ? left : right).add(value);
    }
    left.merge(right);
    EXPECT_EQ(left.count(), whole.count());
    EXPECT_NEAR(left.mean(), whole.mean(), 1e-12);
    EXPECT_NEAR(left.variance(), whole.variance(), 1e-12);
  }
}

// Twice as slow as before, all counts alike, and far more bursts of one of them.
TEST(Curve, MergedLaterAllCountsMayHaveChangedAlike) {
  Curve before;
  before.at(1).seconds = Moments::from_summary(100, 1.0, 0.1);
  before.at(2).seconds = Moments::from_summary(5, 0.8, 0.1);
  before.at(4).seconds = Moments::from_summary(5, 0.9, 0.1);
  Curve later;
  later.at(1).seconds = Moments::from_summary(5, 2.0, 0.1);
  later.at(2).seconds = Moments::from_summary(100, 1.6, 0.1);
  Curve both = before;
  both.merge_later(later);
  EXPECT_EQ(both.find(1)->seconds.count(), 105);
  EXPECT_NEAR(both.find(2)->seconds.mean() / both.find(1)->seconds.mean(), 0.8, 0.05);
  EXPECT_NEAR(both.find(4)->seconds.mean() / both.find(1)->seconds.mean(), 0.9, 0.02) << "not measured again";
  Curve raw = before;
  raw.merge(later);
  EXPECT_GT(raw.find(2)->seconds.mean(), raw.find(1)->seconds.mean()) << "what it would be else";
  Curve other;
  other.at(8).seconds = Moments::from_summary(1, 5.0, 0);
  both = before;
  both.merge_later(other);
  EXPECT_EQ(both.find(1)->seconds, before.find(1)->seconds) << "nothing in common";
}

TEST(Curve, CountsOccasionsOnceEach) {
  Curve known;
  EXPECT_EQ(known.occasions(), 1);
  const Curve first = curve_with({{1, 2}, {2, 1}});
  known.merge_later(first);
  EXPECT_EQ(known.occasions(), 1);
  EXPECT_EQ(known.gains.count(), 0) << "the points tell what one occasion found";
  known.merge(curve_with({{1, 2}, {2, 1}, {4, 1}}));
  EXPECT_EQ(known.occasions(), 1) << "of the same occasion";
  const Curve later = curve_with({{1, 2}, {2, 2}, {4, 2}});
  known.merge_later(later);
  EXPECT_EQ(known.occasions(), 2);
  EXPECT_NEAR(known.gains.mean(), std::log(0.5) / 2, 1e-12);
  known.merge_later(later);
  EXPECT_EQ(known.occasions(), 3);
  EXPECT_NEAR(known.gains.mean(), std::log(0.5) / 3, 1e-12);
  known.merge(later);
  EXPECT_EQ(known.occasions(), 3);
  Curve fresh = later;
  fresh.merge(known);
  EXPECT_EQ(fresh.occasions(), 3) << "the fresh one's occasion is among them";
  fresh.merge_later(known);
  EXPECT_EQ(fresh.occasions(), 6);
  const std::int64_t before = known.occasions();
  known.merge_later(Curve{});
  known.merge_later(curve_with({{2, 1}}));
  EXPECT_EQ(known.occasions(), before) << "no gain can be told of one count";
}

TEST(Moments, SummaryKeepsWhatItWasMadeOf) {
  const Moments moments = Moments::from_summary(5, 2.0, 0.5);
  EXPECT_EQ(moments.count(), 5);
  EXPECT_DOUBLE_EQ(moments.mean(), 2.0);
  EXPECT_DOUBLE_EQ(moments.standard_deviation(), 0.5);
  EXPECT_DOUBLE_EQ(moments.standard_error(), 0.5 / std::sqrt(5));
  EXPECT_DOUBLE_EQ(scaled(moments, 3).mean(), 6.0);
  EXPECT_DOUBLE_EQ(scaled(moments, 3).standard_deviation(), 1.5);
}

TEST(Curve, PointsStayAscendingInWhateverOrderTheyCome) {
  const Curve curve = curve_with({{4, 1}, {1, 3}, {8, 1}, {2, 2}, {4, 3}});
  ASSERT_EQ(curve.points.size(), 4U);
  for (std::size_t i = 1; i < curve.points.size(); ++i)
    EXPECT_LT(curve.points[i - 1].threads, curve.points[i].threads);
  EXPECT_DOUBLE_EQ(curve.find(4)->seconds.mean(), 2);
  EXPECT_EQ(curve.find(3), nullptr);
  EXPECT_EQ(curve.find(9), nullptr);
}

TEST(Curve, WhatIsToleratedGrowsWithTheThreadsThatAreLeft) {
  EXPECT_DOUBLE_EQ(tolerated_loss(1, 2, 0.02), 0.02);
  EXPECT_DOUBLE_EQ(tolerated_loss(1, 96, 0.02), 0.02);
  EXPECT_DOUBLE_EQ(tolerated_loss(3, 4, 0.02), 0.005);
  EXPECT_NEAR(tolerated_loss(90, 96, 0.02), 0.0003, 1e-4);
  EXPECT_EQ(tolerated_loss(4, 4, 0.02), 0);
  EXPECT_EQ(tolerated_loss(4, 2, 0.02), 0);
}

// The choice never loses more than the tolerance to any count, and never falls when the limit rises.
TEST(Curve, TheChoiceIsBoundedAndMonotone) {
  Rng rng(3);
  for (int round = 0; round < 2000; ++round) {
    Curve curve;
    for (int count = 1; count <= 40; ++count)
      if (rng.below(3) > 0) curve.at(count).seconds.add(1 + 0.1 * rng.uniform());
    int before = 0;
    for (int limit = 1; limit <= 40; ++limit) {
      const int chosen = best_threads(curve, limit, 0.02);
      ASSERT_GE(chosen, before);
      before = chosen;
      for (const auto& point : curve.points) {
        if (point.threads > limit) break;
        ASSERT_LE(curve.find(chosen)->seconds.mean(), point.seconds.mean() * 1.02 + 1e-12);
      }
    }
  }
}

TEST(Curve, AFewThreadsLessAreWorthLittle) {
  Curve curve;
  curve.at(60).seconds.add(1.01);
  curve.at(64).seconds.add(1);
  EXPECT_EQ(best_threads(curve, 64, 0.02), 64);
  Curve half;
  half.at(32).seconds.add(1.01);
  half.at(64).seconds.add(1);
  EXPECT_EQ(best_threads(half, 64, 0.02), 32);
}

TEST(Curve, TheSmallestCountWithinTheToleranceIsBest) {
  const Curve curve = curve_with({{1, 2.0}, {2, 1.015}, {3, 1.5}, {4, 1.0}});
  EXPECT_EQ(best_threads(curve, 4, 0.02), 2);
  EXPECT_EQ(best_threads(curve, 4, 0.01), 4);
  EXPECT_EQ(best_threads(curve, 3, 0.01), 2);
  EXPECT_EQ(best_threads(curve, 1, 0.02), 1);
  EXPECT_EQ(best_threads(curve, 0, 0.02), 0);
  EXPECT_EQ(best_threads(Curve{}, 4, 0.02), 0);
}

TEST(Table, AddingMergesIntoTheCurveOfTheSameGemm) {
  Table table;
  Curve one = curve_with({{1, 2.0}});
  Curve other = curve_with({{1, 4.0}, {2, 1.0}});
  other.disturbed = 3;
  Curve elsewhere = one;
  elsewhere.gemm.m = 1;
  table.add(one);
  table.add(elsewhere);
  table.add(other);
  ASSERT_EQ(table.curves.size(), 2U);
  EXPECT_EQ(table.curves[0].gemm.m, 1);
  const Curve* merged = table.find(one.gemm);
  ASSERT_NE(merged, nullptr);
  EXPECT_DOUBLE_EQ(merged->find(1)->seconds.mean(), 3.0);
  EXPECT_EQ(merged->disturbed, 3);
  Gemm absent = one.gemm;
  absent.k += 1;
  EXPECT_EQ(table.find(absent), nullptr);
}

TEST(Table, ReplacesWhatNoLongerHolds) {
  Table table;
  Curve old;
  old.gemm.m = 2;
  old.at(1).seconds.add(1.0);
  old.at(2).seconds.add(1.0);
  old.disturbed = 3;
  table.add(old);
  Curve fresh;
  fresh.gemm.m = 2;
  fresh.at(1).seconds.add(4.0);
  table.replace(fresh);
  EXPECT_EQ(table.curves, std::vector<Curve>{fresh});
  Curve before = fresh;
  before.gemm.m = 1;
  table.replace(before);
  EXPECT_EQ(table.curves, (std::vector<Curve>{before, fresh}));
}

TEST(Tables, OneForEachMachineAndBuild) {
  Tables tables;
  Table table;
  table.machine.cpu_model = "A";
  table.build.config = "OpenBLAS 0.3.21";
  put_table(tables, table);
  table.spent_seconds = 7;
  put_table(tables, table);
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].spent_seconds, 7);
  table.build.threading = Threading::openmp;
  put_table(tables, table);
  EXPECT_EQ(tables.size(), 2U);
  EXPECT_EQ(find_table(tables, table.machine, table.build), &tables[1]);
  MachineSignature elsewhere = table.machine;
  elsewhere.processors = 9;
  EXPECT_EQ(find_table(tables, elsewhere, table.build), nullptr);
}

}  // namespace
}  // namespace blastune
