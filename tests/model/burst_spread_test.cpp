// SPDX-License-Identifier: BSD-3-Clause
#include "model/burst_spread.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace blastune {
namespace {

std::vector<Curve> curves_of(int count, std::int64_t bursts, double relative_deviation) {
  std::vector<Curve> curves(static_cast<std::size_t>(count));
  for (auto& curve : curves)
    curve.at(1).seconds = Moments::from_summary(bursts, 2e-3, 2e-3 * relative_deviation);
  return curves;
}

TEST(BurstSpread, BelievesBeforeItSees) {
  EXPECT_DOUBLE_EQ(pooled_burst_variance({}), believed_burst_variance);
  EXPECT_DOUBLE_EQ(pooled_burst_variance(curves_of(9, 1, 0)), believed_burst_variance);
}

TEST(BurstSpread, SeesWhatManyBurstsShow) {
  EXPECT_NEAR(pooled_burst_variance(curves_of(1000, 50, 0.05)), 0.05 * 0.05, 1e-4);
  EXPECT_GT(pooled_burst_variance(curves_of(3, 3, 0.05)), 0.1 * 0.1);
}

TEST(BurstSpread, AMeanOfMoreBurstsIsKnownBetter) {
  double before = 1;
  for (std::int64_t bursts = 1; bursts < 1000; bursts *= 2) {
    const double now = relative_variance(Moments::from_summary(bursts, 1e-3, 1e-4), 0.04);
    EXPECT_LT(now, before);
    before = now;
  }
  EXPECT_DOUBLE_EQ(relative_variance(Moments::from_summary(1, 1e-3, 0), 0.04), 0.04);
  EXPECT_GT(relative_variance(Moments::from_summary(3, 1e-3, 0), 0.04), 0) << "three alike may be luck";
}

TEST(BurstSpread, StaysFiniteWhateverItIsGiven) {
  EXPECT_TRUE(std::isfinite(relative_variance(Moments::from_summary(5, 0, 1), 0.04)));
  EXPECT_TRUE(std::isfinite(relative_variance(Moments::from_summary(5, 1e-12, 3600), 0.04)));
}

}  // namespace
}  // namespace blastune
