// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/budget.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/rng.h"

namespace blastune {
namespace {

TEST(CpuBudget, FlowsInUpToAnHoursWorth) {
  CpuBudget budget(0.01, 3);
  EXPECT_EQ(budget.hourly(), 36);
  budget.advance(1000);  // the first time is the start
  EXPECT_EQ(budget.available(), 3);
  budget.advance(1600);
  EXPECT_DOUBLE_EQ(budget.available(), 9);
  EXPECT_DOUBLE_EQ(budget.seconds_until(10), 100);
  EXPECT_EQ(budget.seconds_until(9), 0);
  budget.advance(1e6);
  EXPECT_DOUBLE_EQ(budget.available(), 36);
  EXPECT_EQ(budget.seconds_until(1000), 0);  // never more than an hour's worth
}

TEST(CpuBudget, MayBeOverdrawnAndRecovers) {
  CpuBudget budget(0.01, 3);
  budget.advance(0);
  budget.spend(5);
  EXPECT_DOUBLE_EQ(budget.available(), -2);
  EXPECT_DOUBLE_EQ(budget.seconds_until(0), 200);
  budget.advance(200);
  EXPECT_NEAR(budget.available(), 0, 1e-9);
}

TEST(CpuBudget, IsNoMoreThanTheShareInAnyHour) {
  CpuBudget budget(0.01, 3);
  budget.advance(0);
  budget.advance(7200);
  budget.spend(36);  // saved in the hour before
  budget.advance(7200 + 1800);
  // Half an hour's worth flowed in, and all that this hour may have is spent.
  EXPECT_DOUBLE_EQ(budget.available(), 0);
  const double wait = budget.seconds_until(1);
  EXPECT_GE(wait, 1800);
  EXPECT_LE(wait, 1860);
  budget.advance(9000 + wait);
  EXPECT_DOUBLE_EQ(budget.available(), 36);
}

TEST(CpuBudget, AGrantIsBeyondTheShare) {
  CpuBudget budget(0.01, 0);
  budget.advance(0);
  budget.advance(7200);
  budget.spend(36);
  EXPECT_DOUBLE_EQ(budget.available(), 0);
  budget.grant(20);
  EXPECT_DOUBLE_EQ(budget.available(), 20);
  budget.spend(20);
  EXPECT_DOUBLE_EQ(budget.available(), 0);
}

TEST(CpuBudget, AnotherShareHoldsFromThenOn) {
  CpuBudget budget(0.01, 0);
  budget.advance(0);
  budget.set_share(0.1, 100);
  EXPECT_DOUBLE_EQ(budget.available(), 1);
  budget.advance(110);
  EXPECT_DOUBLE_EQ(budget.available(), 2);
  budget.advance(1e5);
  budget.set_share(0.02, 1e5);
  EXPECT_DOUBLE_EQ(budget.available(), 72);
}

TEST(CpuBudget, TimeThatGoesBackAddsNothing) {
  CpuBudget budget(0.01, 0);
  budget.advance(1000);
  budget.advance(500);
  budget.advance(1000);
  EXPECT_EQ(budget.available(), 0);
}

TEST(CpuBudget, WithoutAShareThereIsNothingToWaitFor) {
  CpuBudget budget(0, 1);
  budget.advance(0);
  budget.spend(2);
  EXPECT_GT(budget.seconds_until(0), 1e6);
  EXPECT_FALSE(std::isnan(budget.seconds_until(5)));
}

// Whatever is bought when the budget says it can be: no hour has more than its share, and waiting as long as
// it says is enough.
TEST(CpuBudget, RandomLivesStayWithinTheShare) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Rng rng(seed);
    const double share = 0.002 + 0.05 * rng.uniform();
    CpuBudget budget(share, 3);
    std::vector<std::pair<double, double>> bought;
    double now = 1e4 * rng.uniform();
    budget.advance(now);
    double largest = 0;
    while (now < 6e4) {
      const double level = budget.hourly() * rng.uniform();
      const double wait = budget.seconds_until(level);
      ASSERT_GE(wait, 0);
      ASSERT_LE(wait, 7500);
      now += wait + 1e-6;
      budget.advance(now);
      EXPECT_GE(budget.available(), level - 1e-6);
      const double price = level * (rng.uniform() + 0.05);
      largest = std::max(largest, price - level);
      budget.spend(price);
      bought.emplace_back(now, price);
      now += 600 * rng.uniform() * rng.uniform();
      budget.advance(now);
    }
    for (std::size_t first = 0; first < bought.size(); ++first) {
      double sum = 0;
      for (std::size_t i = first; i < bought.size() && bought[i].first <= bought[first].first + 3600; ++i)
        sum += bought[i].second;
      EXPECT_LE(sum, budget.hourly() + largest + 1e-6) << "seed " << seed;
    }
  }
}

TEST(HourlySpending, CountsAnHourToTheMinute) {
  HourlySpending spending;
  spending.add(30, 1);
  spending.add(90, 2);
  spending.add(3599, 4);
  EXPECT_EQ(spending.last_hour(3599), 7);
  EXPECT_EQ(spending.last_hour(3630), 7);
  EXPECT_EQ(spending.last_hour(3665), 6);  // the first minute is more than an hour ago
  EXPECT_EQ(spending.last_hour(3725), 4);
  EXPECT_EQ(spending.last_hour(1e6), 0);
  EXPECT_EQ(spending.total(), 7);
}

}  // namespace
}  // namespace blastune
