// SPDX-License-Identifier: BSD-3-Clause
//
// Properties of what the advisor does where little is known.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "model/advisor.h"
#include "model/rng.h"

namespace blastune {
namespace {

const Gemm large{DType::f64, Transpose::none, Transpose::none, 500, 500, 500};
const Gemm small{DType::f64, Transpose::none, Transpose::none, 100, 8, 784};

Curve curve_of(const Gemm& gemm, double one_seconds, double ratio, std::int64_t bursts = 1) {
  Curve curve;
  curve.gemm = gemm;
  const double spread = bursts > 1 ? 0.1 : 0;
  curve.points = {{1, Moments::from_summary(bursts, one_seconds, spread * one_seconds)},
                  {2, Moments::from_summary(bursts, one_seconds * ratio, spread * one_seconds * ratio)}};
  return curve;
}

Table table_of(const std::vector<Curve>& curves) {
  Table table;
  table.build.threading = Threading::pthread;
  table.default_threads = 2;
  for (const auto& curve : curves) table.add(curve);
  return table;
}

// Large multiplies of a machine in a state in which two threads take that share of one's time.
std::vector<Curve> large_curves(double ratio, std::int64_t bursts) {
  std::vector<Curve> curves;
  for (int i = 1; i <= 60; ++i) {
    Gemm gemm = large;
    gemm.m += 13 * i;
    gemm.n += 7 * (i % 11);
    curves.push_back(curve_of(gemm, 8e-3, ratio, bursts));
  }
  return curves;
}

Table random_table(Rng& rng, int processors) {
  Table table;
  table.build.threading = Threading::pthread;
  table.default_threads = 1 + static_cast<int>(rng.below(static_cast<std::uint64_t>(processors) + 3));
  while (table.curves.size() < 50) {
    const auto size = [&] { return 1 + static_cast<std::int64_t>(std::exp(rng.uniform() * 7)); };
    Curve curve;
    curve.gemm = {DType::f64, Transpose::none, Transpose::none, size(), size(), size()};
    if (volume(curve.gemm) < 3e5) continue;
    for (int threads = 1; threads <= processors; ++threads) {
      const double seconds = volume(curve.gemm) * 1e-10 / threads + 2e-5 * (threads - 1);
      const auto bursts = 1 + static_cast<std::int64_t>(rng.below(6));
      for (std::int64_t i = 0; i < bursts; ++i)
        curve.at(threads).seconds.add(seconds * std::exp(0.3 * rng.normal()));
    }
    if (rng.below(2) == 0) curve.gains = Moments::from_summary(3, rng.normal(), 0.5 * rng.uniform());
    table.add(curve);
  }
  return table;
}

TEST(AdvisorDoubt, OneBurstDoesNotTakeALargeMultipleFromTheDefault) {
  for (const double ratio : {0.5, 0.8, 1.0, 1.2, 1.6, 2.0}) {
    const Advisor advisor(table_of({curve_of(large, 8e-3, ratio)}));
    EXPECT_EQ(advisor.threads(large, 2), 2) << ratio;
    EXPECT_EQ(advisor.advise(large, 2).stays_with_default, ratio > 1 / 1.02 + 1e-9) << ratio;
  }
}

TEST(AdvisorDoubt, OneBurstMayMoveATinyMultiply) {
  EXPECT_EQ(Advisor(table_of({curve_of(small, 45e-6, 2.5)})).threads(small, 2), 1);
}

TEST(AdvisorDoubt, ATableOfASlowStateDoesNotAdviseOneThreadForLargeMultiplies) {
  auto curves = large_curves(1.0, 1);
  for (std::size_t i = 0; i < curves.size(); i += 2)
    curves[i].at(2).seconds = scaled(curves[i].at(2).seconds, 1.25);
  const Advisor advisor(table_of(curves));
  for (const auto& curve : curves) EXPECT_EQ(advisor.threads(curve.gemm, 2), 2);
  EXPECT_EQ(advisor.threads(large, 2), 2);
}

TEST(AdvisorDoubt, WhatHasWonIsNotLostByMoreOfTheSame) {
  for (const double ratio : {0.9, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0}) {
    for (const Gemm& gemm : {small, large}) {
      auto curves = large_curves(0.52, 20);
      bool has_won = false;
      for (std::int64_t bursts = 1; bursts <= 1 << 16; bursts *= 2) {
        curves.push_back(curve_of(gemm, gemm == small ? 45e-6 : 8e-3, ratio, bursts));
        const bool wins = Advisor(table_of(curves)).threads(gemm, 2) == 1;
        EXPECT_TRUE(wins || !has_won) << describe(gemm) << " " << ratio << " " << bursts;
        has_won = has_won || wins;
        curves.pop_back();
      }
    }
  }
}

TEST(AdvisorDoubt, ManyOccasionsThatAgreeAreBelieved) {
  auto curves = large_curves(1.1, 1000);
  EXPECT_EQ(Advisor(table_of(curves)).threads(curves[5].gemm, 2), 2);
  for (auto& curve : curves) curve.gains = Moments::from_summary(1000, std::log(1.1), 0.01);
  const Advisor advisor(table_of(curves));
  EXPECT_EQ(advisor.threads(curves[5].gemm, 2), 1);
  EXPECT_FALSE(advisor.advise(curves[5].gemm, 2).stays_with_default);
}

TEST(AdvisorDoubt, ThreadsAreWhatTheAlternativesDecide) {
  Rng rng(3);
  for (int round = 0; round < 20; ++round) {
    const Table table = random_table(rng, 6);
    const Advisor advisor(table);
    for (int trial = 0; trial < 60; ++trial) {
      Gemm gemm = table.curves[rng.below(table.curves.size())].gemm;
      if (trial % 2 == 0) gemm.m += 1 + static_cast<std::int64_t>(rng.below(90));
      int before_limit = 0;
      for (int limit = 1; limit <= 9; ++limit) {
        const Alternatives found = advisor.alternatives(gemm, limit);
        int before_state = std::numeric_limits<int>::max();
        for (double state = -1.5; state <= 1.5; state += 0.25) {
          const int threads = advisor.threads(gemm, limit, state);
          ASSERT_LE(threads, limit);
          ASSERT_EQ(advisor.advise(gemm, limit, state).threads, threads);
          if (threads != std::min(limit, table.default_threads) || found.several > 0) {
            ASSERT_LE(threads, before_state) << "a worse state asks for no more threads";
          }
          before_state = threads;
          if (found.several == 0) continue;
          const double one = std::log(found.one_seconds) + found.handicap;
          const double several = std::log(found.several_seconds) + state * found.loading;
          if (std::abs(one - several) > 1e-5) {
            ASSERT_EQ(threads, one < several ? 1 : found.several);
          }
        }
        const int threads = advisor.threads(gemm, limit);
        ASSERT_GE(threads, before_limit) << describe(gemm) << " limit " << limit;
        before_limit = threads;
      }
    }
  }
}

TEST(AdvisorDoubt, WhatASeveralTakesIsExpectedInTheStateAsked) {
  const Advisor advisor(table_of(large_curves(0.52, 20)));
  const Advice usual = advisor.advise(large, 2);
  const Advice worse = advisor.advise(large, 2, 0.2);
  ASSERT_EQ(worse.threads, 2);
  const double loading = advisor.alternatives(large, 2).loading;
  EXPECT_NEAR(worse.expected_seconds / usual.expected_seconds, std::exp(0.2 * loading), 1e-9);
  EXPECT_LE(worse.confidence, usual.confidence);
}

TEST(AdvisorDoubt, StaysFiniteWhateverWasMeasured) {
  Curve alone;
  alone.gemm = large;
  alone.at(1).seconds.add(1e-3);
  Curve huge = curve_of(large, 3600, 1e-12);
  huge.points.push_back({4096, Moments::from_summary(1'000'000'000, 1e-12, 3600)});
  Curve equal = curve_of(large, 1e-3, 1, 1'000'000'000);
  for (auto& point : equal.points) point.seconds = Moments::from_summary(1'000'000'000, 1e-3, 0);
  Curve without_one = curve_of(large, 1e-3, 0.5);
  without_one.points.erase(without_one.points.begin());
  Curve wild = curve_of(large, 1e-3, 0.5);
  wild.gains = Moments::from_summary(1'000'000, 27, 100);
  for (const Curve& curve : {alone, huge, equal, without_one, wild}) {
    for (const int own : {1, 2, 4096}) {
      Table table = table_of({curve});
      table.default_threads = own;
      const Advisor advisor(table);
      Gemm other = large;
      other.k = 77;
      for (const Gemm& gemm : {large, other, small}) {
        for (const int limit : {1, 2, 3, 4096, std::numeric_limits<int>::max()}) {
          for (const double state : {0.0, 30.0, -30.0}) {
            const Advice advice = advisor.advise(gemm, limit, state);
            EXPECT_GE(advice.threads, 0);
            EXPECT_LE(advice.threads, limit);
            EXPECT_TRUE(std::isfinite(advice.expected_seconds));
            EXPECT_TRUE(std::isfinite(advice.default_seconds));
            EXPECT_GE(advice.confidence, 0);
            EXPECT_LE(advice.confidence, 1);
          }
          const Alternatives found = advisor.alternatives(gemm, limit);
          for (const double value :
               {found.several_seconds, found.one_seconds, found.handicap, found.loading, found.error})
            EXPECT_TRUE(std::isfinite(value));
        }
      }
    }
  }
}

}  // namespace
}  // namespace blastune
