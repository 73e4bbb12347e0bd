// SPDX-License-Identifier: BSD-3-Clause
#include "model/statistics.h"

#include <gtest/gtest.h>

#include <vector>

#include "model/rng.h"

namespace blastune {
namespace {

TEST(Statistics, QuantilesAreThoseOfHyndmanAndFansSeventhType) {
  const std::vector<double> values{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(median(values), 2.5);
  EXPECT_DOUBLE_EQ(quantile(values, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(values, 1), 4);
  EXPECT_DOUBLE_EQ(quantile(values, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(median(std::vector<double>{7}), 7);
  EXPECT_DOUBLE_EQ(mean(values), 2.5);
  EXPECT_NEAR(geometric_mean(std::vector<double>{1, 4}), 2, 1e-12);
}

// Values of published tables of the two distributions.
TEST(Statistics, DistributionsAgreeWithTables) {
  EXPECT_NEAR(normal_cdf(0), 0.5, 1e-12);
  EXPECT_NEAR(normal_cdf(1.959963985), 0.975, 1e-9);
  EXPECT_NEAR(student_t_cdf(12.7062, 1), 0.975, 1e-6);
  EXPECT_NEAR(student_t_cdf(2.228139, 10), 0.975, 1e-6);
  EXPECT_NEAR(student_t_cdf(-2.228139, 10), 0.025, 1e-6);
  EXPECT_NEAR(student_t_cdf(1.6577, 120), 0.95, 1e-4);
  EXPECT_NEAR(student_t_cdf(0, 5), 0.5, 1e-12);
}

TEST(Statistics, WelchComparesMeans) {
  const Moments fast = Moments::from_summary(10, 1.0, 0.1);
  const Moments slow = Moments::from_summary(12, 1.2, 0.3);
  const double probability = probability_less(fast, slow);
  EXPECT_GT(probability, 0.95);
  EXPECT_NEAR(probability + probability_less(slow, fast), 1, 1e-12);
  EXPECT_DOUBLE_EQ(probability_less(fast, fast), 0.5);
  EXPECT_DOUBLE_EQ(probability_less(Moments::from_summary(1, 1, 0), slow), 0.5);
  EXPECT_DOUBLE_EQ(probability_less(Moments::from_summary(3, 1, 0), Moments::from_summary(3, 2, 0)), 1);
}

TEST(Statistics, TheBootstrapIntervalHoldsTheTruthAsOftenAsItSays) {
  Rng rng(3);
  int covered = 0;
  constexpr int trials = 200;
  for (int trial = 0; trial < trials; ++trial) {
    std::vector<double> values;
    for (int i = 0; i < 40; ++i) values.push_back(0.5 + rng.uniform());
    const Interval interval = bootstrap_geometric_mean(values, 0.95, 300, 9);
    constexpr double truth = 0.95466;  // exp of the integral of ln x over 0.5 to 1.5
    covered += static_cast<int>(interval.low <= truth && truth <= interval.high);
  }
  EXPECT_GT(covered, trials * 0.88);
  EXPECT_LT(covered, trials);
}

TEST(Rng, StreamsAreReproducibleAndUniform) {
  Rng a(42);
  Rng b(42);
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(Rng(1).next(), Rng(2).next());
  std::vector<int> seen(10, 0);
  for (int i = 0; i < 10000; ++i) ++seen[a.below(10)];
  for (const int count : seen) EXPECT_NEAR(count, 1000, 150);
}

}  // namespace
}  // namespace blastune
