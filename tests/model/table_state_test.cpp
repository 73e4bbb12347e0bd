// SPDX-License-Identifier: BSD-3-Clause
#include "model/table_state.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace blastune {
namespace {

// Large multiplies, of which two threads take `ratio` of the time.
std::vector<Curve> large(double ratio, std::int64_t occasions, double spread = 0) {
  std::vector<Curve> curves;
  for (int i = 0; i < 50; ++i) {
    Curve curve;
    curve.gemm = {DType::f64, Transpose::none, Transpose::none, 500 + i, 500, 500};
    curve.points = {{1, Moments::from_summary(20, 8e-3, 8e-5)},
                    {2, Moments::from_summary(20, 8e-3 * ratio, 8e-5)}};
    if (occasions > 1) curve.gains = Moments::from_summary(occasions, std::log(ratio), spread);
    curves.push_back(curve);
  }
  return curves;
}

TableState state_of(const std::vector<Curve>& curves) {
  std::vector<const Curve*> places;
  for (const auto& curve : curves) places.push_back(&curve);
  return {places, 0.01};
}

TEST(TableState, AGoodStateNeedsNoCorrection) {
  EXPECT_NEAR(state_of(large(0.51, 1)).shift(1), 0, 0.05);
  EXPECT_GE(state_of(large(0.45, 1)).shift(1), -1e-9) << "better than scaling is no state to be wished back";
}

TEST(TableState, ABadOneIsCorrectedTowardsScaling) {
  const TableState state = state_of(large(1, 1));
  const double shift = state.shift(expected_loading(8e-3));
  EXPECT_LT(shift, -0.4);
  EXPECT_GT(shift, std::log(0.5));
  EXPECT_GT(state.error(1), 0.05);
}

TEST(TableState, OccasionsThatAgreeAreBelieved) {
  double before = state_of(large(1, 1)).shift(1);
  double error = state_of(large(1, 1)).error(1);
  for (const std::int64_t occasions : {3, 10, 100, 10'000}) {
    const TableState state = state_of(large(1, occasions));
    EXPECT_GT(state.shift(1), before);
    EXPECT_LT(state.error(1), error);
    before = state.shift(1);
    error = state.error(1);
  }
  EXPECT_NEAR(before, 0, 0.01);
  EXPECT_NEAR(error, 0, 0.01);
}

TEST(TableState, OccasionsThatDifferAreNot) {
  EXPECT_LT(state_of(large(0.8, 10, 0.4)).shift(1), state_of(large(0.8, 10, 0.02)).shift(1) - 0.1);
}

TEST(TableState, LoadingFollowsTheSpreadOfAGemmsOccasions) {
  auto curves = large(0.7, 20, 0.2);
  curves[0].gains = Moments::from_summary(20, -0.3, 0.6);
  curves[1].gains = Moments::from_summary(20, -0.3, 0);
  const TableState state = state_of(curves);
  EXPECT_GT(state.loading(curves[0]), 1.5 * state.loading(curves[2]));
  EXPECT_LT(state.loading(curves[1]), state.loading(curves[2]));
  EXPECT_DOUBLE_EQ(state_of(large(0.7, 1)).loading(large(0.7, 1)[0]), expected_loading(8e-3));
}

TEST(TableState, NothingMeasuredIsFinite) {
  const TableState state = state_of({});
  EXPECT_EQ(state.shift(1), 0);
  EXPECT_TRUE(std::isfinite(state.error(1)));
}

}  // namespace
}  // namespace blastune
