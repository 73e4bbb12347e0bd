// SPDX-License-Identifier: BSD-3-Clause
#include "model/advisor.h"

#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <vector>

#include "model/rng.h"
#include "model/statistics.h"

namespace blastune {
namespace {

Gemm random_gemm(Rng& rng, DType dtype = DType::f64) {
  const auto size = [&] { return 1 + static_cast<std::int64_t>(std::exp(rng.uniform() * std::log(4096.0))); };
  return {dtype, Transpose::none, Transpose::none, size(), size(), size()};
}

// Work that divides perfectly and a price for every further thread: the best count rises with the volume.
double formula_seconds(const Gemm& gemm, int threads) {
  return volume(gemm) * 1e-10 / threads + 2e-6 * (threads - 1);
}

Table formula_table(int curves, int processors, std::uint64_t seed, double noise = 0) {
  Rng rng(seed);
  Table table;
  table.build.threading = Threading::pthread;
  table.default_threads = processors;
  while (static_cast<int>(table.curves.size()) < curves) {
    Curve curve;
    curve.gemm = random_gemm(rng);
    if (volume(curve.gemm) < 3e5) continue;
    for (int threads = 1; threads <= processors; ++threads) {
      const double seconds = formula_seconds(curve.gemm, threads);
      for (int burst = 0; burst < 4; ++burst) {
        curve.at(threads).seconds.add(seconds * (1 + noise * (rng.uniform() - 0.5)));
      }
    }
    table.add(curve);
  }
  return table;
}

// The same means, with as much evidence as there can be: bursts that agree, on occasions that agree.
Table ample(Table table) {
  for (auto& curve : table.curves) {
    for (auto& point : curve.points)
      point.seconds = Moments::from_summary(1'000'000, point.seconds.mean(), point.seconds.mean() * 1e-3);
    const double gain = std::log(curve.points.back().seconds.mean() / curve.points.front().seconds.mean());
    curve.gains = Moments::from_summary(1'000'000, gain, 0);
  }
  return table;
}

TEST(Advisor, IsExactAtMeasuredPoints) {
  const Table table = ample(formula_table(60, 8, 1, 0.1));
  const Advisor advisor(table);
  for (const auto& curve : table.curves) {
    for (int limit = 1; limit <= 9; ++limit) {
      const Advice advice = advisor.advise(curve.gemm, limit);
      EXPECT_EQ(advice.basis, Basis::measured);
      EXPECT_EQ(advice.threads, best_threads(curve, limit, 0.02));
      EXPECT_NEAR(advice.expected_seconds / curve.find(advice.threads)->seconds.mean(), 1, 1e-3);
      EXPECT_NEAR(advice.default_seconds / curve.find(std::min(limit, 8))->seconds.mean(), 1, 1e-3);
      EXPECT_FALSE(advice.stays_with_default);
      EXPECT_GE(advice.confidence, 0);
      EXPECT_LE(advice.confidence, 1);
    }
  }
}

TEST(Advisor, AWiderToleranceMeansNoMoreThreads) {
  Table table = ample(formula_table(60, 8, 1, 0.1));
  const Advisor strict(table);
  table.tolerance = 0.3;
  const Advisor wide(table);
  bool fewer = false;
  for (const auto& curve : table.curves) {
    EXPECT_EQ(wide.advise(curve.gemm, 8).threads, best_threads(curve, 8, 0.3));
    EXPECT_LE(wide.advise(curve.gemm, 8).threads, strict.advise(curve.gemm, 8).threads);
    fewer = fewer || wide.threads(curve.gemm, 8) < strict.threads(curve.gemm, 8);
  }
  EXPECT_TRUE(fewer);
}

TEST(Advisor, NeverAboveTheLimitAndMonotoneInIt) {
  const Table table = formula_table(80, 16, 2, 0.3);
  const Advisor advisor(table);
  Rng rng(7);
  for (int trial = 0; trial < 2000; ++trial) {
    const Gemm gemm = trial % 4 == 0 ? table.curves[rng.below(table.curves.size())].gemm : random_gemm(rng);
    int previous = 0;
    for (int limit = 1; limit <= 20; ++limit) {
      const int threads = advisor.advise(gemm, limit).threads;
      ASSERT_GE(threads, 1);
      ASSERT_LE(threads, limit);
      ASSERT_GE(threads, previous) << describe(gemm) << " limit " << limit;
      ASSERT_EQ(advisor.threads(gemm, limit), threads);
      previous = threads;
    }
  }
}

TEST(Advisor, IsDeterministic) {
  const Advisor one(formula_table(50, 4, 3, 0.2));
  const Advisor other(formula_table(50, 4, 3, 0.2));
  Rng rng(11);
  for (int trial = 0; trial < 200; ++trial) {
    const Gemm gemm = random_gemm(rng);
    const Advice a = one.advise(gemm, 4);
    const Advice b = other.advise(gemm, 4);
    EXPECT_EQ(a.threads, b.threads);
    EXPECT_EQ(a.expected_seconds, b.expected_seconds);
  }
}

TEST(Advisor, UnmeasuredShapesCostLittleMoreThanTheBestCount) {
  for (const int processors : {2, 8, 16}) {
    const Table table = formula_table(200, processors, 4, 0.1);
    const Advisor advisor(table);
    Rng rng(13);
    std::vector<double> regret;
    while (regret.size() < 300) {
      const Gemm gemm = random_gemm(rng);
      if (volume(gemm) < 3e5) continue;
      const Advice advice = advisor.advise(gemm, processors);
      EXPECT_EQ(advice.basis, Basis::interpolated);
      double best = formula_seconds(gemm, 1);
      for (int threads = 2; threads <= processors; ++threads)
        best = std::min(best, formula_seconds(gemm, threads));
      regret.push_back(formula_seconds(gemm, advice.threads) / best);
    }
    EXPECT_LT(geometric_mean(regret), 1.02) << processors;
    EXPECT_LT(quantile(regret, 0.95), 1.08) << processors;
  }
}

TEST(Advisor, ExpectedTimesOfUnmeasuredShapesAreOfTheRightSize) {
  const Advisor advisor(formula_table(200, 4, 5));
  Rng rng(17);
  for (int trial = 0; trial < 200; ++trial) {
    const Gemm gemm = random_gemm(rng);
    if (volume(gemm) < 3e5) continue;
    const double truth = formula_seconds(gemm, 4);
    const ExpectedTime expected = advisor.expected(gemm, 4);
    EXPECT_GT(expected.seconds, truth / 1.5) << describe(gemm);
    EXPECT_LT(expected.seconds, truth * 1.5) << describe(gemm);
    EXPECT_EQ(expected.basis, Basis::interpolated);
  }
}

TEST(Advisor, ACountBetweenMeasuredOnesIsNotSaidToBeMeasured) {
  Table table = formula_table(1, 4, 5);
  Curve& curve = table.curves.front();
  curve.points = {{1, Moments::from_summary(3, 4e-3, 0)}, {4, Moments::from_summary(3, 1e-3, 0)}};
  const Advisor advisor(table);
  EXPECT_EQ(advisor.expected(curve.gemm, 4).basis, Basis::measured);
  EXPECT_EQ(advisor.expected(curve.gemm, 3).basis, Basis::interpolated);
  EXPECT_GT(advisor.expected(curve.gemm, 3).seconds, advisor.expected(curve.gemm, 4).seconds);
  EXPECT_LT(advisor.expected(curve.gemm, 3).seconds, advisor.expected(curve.gemm, 1).seconds);
  EXPECT_EQ(advisor.expected(curve.gemm, 8).basis, Basis::none) << "more than anything that was measured";
  table.default_threads = 8;
  EXPECT_EQ(Advisor(table).advise(curve.gemm, 8).default_seconds, 0);
  EXPECT_GT(Advisor(table).advise(curve.gemm, 4).default_seconds, 0);
}

TEST(Advisor, IsNotSureWhereTheLimitLiesBetweenMeasuredCounts) {
  Table table = formula_table(60, 8, 5);
  for (auto& curve : table.curves) {
    std::erase_if(curve.points,
                  [](const CurvePoint& point) { return point.threads == 3 || point.threads > 4; });
    for (auto& point : curve.points) point.seconds = Moments::from_summary(20, 1e-3 / point.threads, 1e-6);
  }
  const Advisor advisor(table);
  for (const Gemm& gemm :
       {table.curves.back().gemm, Gemm{DType::f64, Transpose::none, Transpose::none, 501, 502, 503}}) {
    EXPECT_EQ(advisor.advise(gemm, 2).threads, 2);
    EXPECT_GT(advisor.advise(gemm, 2).confidence, 0.9);
    EXPECT_EQ(advisor.advise(gemm, 3).threads, 2);
    EXPECT_LE(advisor.advise(gemm, 3).confidence, 0.5);
    EXPECT_LT(advisor.expected(gemm, 3).seconds, advisor.expected(gemm, 2).seconds);
    EXPECT_GT(advisor.expected(gemm, 3).seconds, advisor.expected(gemm, 4).seconds);
    EXPECT_GT(advisor.advise(gemm, 4).confidence, 0.9);
  }
}

TEST(Advisor, FarFromWhatWasMeasuredItPromisesNothingImpossible) {
  // Two threads gain more and more with the size, as far as was measured.
  Table table = formula_table(60, 2, 5);
  for (auto& curve : table.curves) {
    const double one = volume(curve.gemm) * 1e-10;
    curve.points = {{1, Moments::from_summary(20, one, 0)},
                    {2, Moments::from_summary(20, one * std::pow(volume(curve.gemm) / 1e5, -0.1), 0)}};
  }
  const Advisor advisor(table);
  const Gemm huge{DType::f64, Transpose::none, Transpose::none, 100'000, 100'000, 100'000};
  EXPECT_GE(advisor.expected(huge, 2).seconds, 0.499 * advisor.expected(huge, 1).seconds);
  const Gemm tiny{DType::f64, Transpose::none, Transpose::none, 1, 1, 1};
  EXPECT_GE(advisor.expected(tiny, 1).seconds, 1e-8) << "no call is for nothing";
}

TEST(Advisor, MultipliesTheLibraryDoesOnOneThreadGetOne) {
  const Advisor advisor(formula_table(50, 8, 6));
  const Advice advice = advisor.advise({DType::f64, Transpose::none, Transpose::none, 64, 64, 64}, 8);
  EXPECT_EQ(advice.threads, 1);
  EXPECT_EQ(advice.expected_seconds, advice.default_seconds);
}

TEST(Advisor, HasNoOpinionWithoutEvidence) {
  const Gemm gemm{DType::f32, Transpose::none, Transpose::none, 500, 500, 500};
  EXPECT_EQ(Advisor(Table{}).advise(gemm, 4).threads, 0);
  EXPECT_EQ(Advisor(Table{}).expected(gemm, 4).seconds, 0);
  EXPECT_EQ(Advisor(Table{}).expected(gemm, 4).basis, Basis::none);
  const Advisor other_dtype(formula_table(20, 4, 8));
  EXPECT_EQ(other_dtype.advise(gemm, 4).basis, Basis::none);
  Gemm bad = gemm;
  bad.dtype = DType::f64;
  EXPECT_GT(other_dtype.advise(bad, 4).threads, 0);
  EXPECT_EQ(other_dtype.advise(bad, 0).threads, 0);
  bad.k = 0;
  EXPECT_EQ(other_dtype.advise(bad, 4).threads, 0);
}

TEST(Advisor, OtherTransposesBorrowWithLessConfidence) {
  const Table table = formula_table(100, 4, 9, 0.2);
  const Advisor advisor(table);
  Gemm gemm{DType::f64, Transpose::none, Transpose::none, 150, 300, 200};
  const Advice own = advisor.advise(gemm, 4);
  gemm.trans_b = Transpose::transposed;
  const Advice borrowed = advisor.advise(gemm, 4);
  EXPECT_EQ(borrowed.threads, own.threads);
  EXPECT_LE(borrowed.confidence, own.confidence);
}

TEST(Advisor, CurvesThatMissCountsOrTheFirstDoNotConfuseIt) {
  Table table = formula_table(40, 8, 10);
  for (std::size_t i = 0; i < table.curves.size(); ++i) {
    auto& points = table.curves[i].points;
    if (i % 3 == 0) points.erase(points.begin() + 2, points.begin() + 5);
    if (i % 3 == 1) points.erase(points.begin());
  }
  const Advisor advisor(table);
  Rng rng(19);
  for (int trial = 0; trial < 300; ++trial) {
    const Advice advice = advisor.advise(random_gemm(rng), 8);
    EXPECT_GE(advice.threads, 1);
    EXPECT_LE(advice.threads, 8);
    EXPECT_TRUE(std::isfinite(advice.expected_seconds));
    EXPECT_GT(advice.expected_seconds, 0);
  }
  // A curve without the asked-for counts is no opinion of its own; its neighbours answer.
  const Curve& without_one = table.curves[1];
  EXPECT_EQ(advisor.advise(without_one.gemm, 1).threads, 1);
}

TEST(Advisor, StaysWithTheLibrarysOwnCountWhereThatWasNotMeasured) {
  Table table = formula_table(40, 8, 14);
  for (auto& curve : table.curves) curve.points.resize(4);
  const Advisor advisor(table);
  Gemm measured = table.curves.front().gemm;
  Gemm other = measured;
  ++other.k;
  for (const Gemm& gemm : {measured, other}) {
    for (int limit = 5; limit <= 12; ++limit) {
      const Advice advice = advisor.advise(gemm, limit);
      EXPECT_EQ(advice.threads, std::min(limit, 8));
      EXPECT_EQ(advisor.threads(gemm, limit), advice.threads);
      EXPECT_TRUE(advice.stays_with_default);
      EXPECT_EQ(advice.default_seconds, 0);
      EXPECT_GT(advice.expected_seconds, 0);
      EXPECT_LE(advice.confidence, 0.5);
      EXPECT_EQ(advisor.alternatives(gemm, limit).several, 0);
    }
    EXPECT_FALSE(advisor.advise(gemm, 1).stays_with_default);
    EXPECT_EQ(advisor.advise(gemm, 1).confidence, 1);
  }
}

// Programs may trap them, and a library must not leave them behind.
TEST(Advisor, RaisesNoFloatingPointExceptionButInexact) {
  const Advisor advisor(formula_table(300, 8, 15, 0.2));
  Rng rng(23);
  std::feclearexcept(FE_ALL_EXCEPT);
  for (int trial = 0; trial < 2000; ++trial) {
    (void)advisor.advise(random_gemm(rng), 8);
    (void)advisor.threads({DType::f64, Transpose::none, Transpose::none, 1, 1, max_dimension - trial}, 8);
  }
  EXPECT_EQ(std::fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_UNDERFLOW), 0);
}

TEST(Advisor, ExtremeSizesStayFinite) {
  const Advisor advisor(formula_table(60, 4, 12));
  for (const std::int64_t m : {std::int64_t{1}, max_dimension}) {
    for (const std::int64_t n : {std::int64_t{1}, max_dimension}) {
      const Advice advice =
          advisor.advise({DType::f64, Transpose::none, Transpose::none, m, n, max_dimension}, 4);
      EXPECT_GE(advice.threads, 1);
      EXPECT_TRUE(std::isfinite(advice.expected_seconds));
      EXPECT_TRUE(std::isfinite(advice.confidence));
    }
  }
}

}  // namespace
}  // namespace blastune
