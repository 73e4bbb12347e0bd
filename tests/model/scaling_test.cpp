// SPDX-License-Identifier: BSD-3-Clause
#include "model/scaling.h"

#include <gtest/gtest.h>

#include <cmath>

namespace blastune {
namespace {

Gemm gemm(std::int64_t m, std::int64_t n, std::int64_t k) {
  return {DType::f64, Transpose::none, Transpose::none, m, n, k};
}

TEST(Scaling, LargeMultipliesScaleAndTinyOnesDoNot) {
  for (const int threads : {2, 4, 8}) {
    EXPECT_NEAR(expected_scaling(gemm(2000, 2000, 2000), 0.5, threads).log_ratio, -std::log(threads), 0.01);
    EXPECT_GT(expected_scaling(gemm(64, 64, 65), 10e-6, threads).log_ratio, 0);
  }
}

TEST(Scaling, IsLessCertainOfSmallAndThinMultiplies) {
  const double large = expected_scaling(gemm(2000, 2000, 2000), 0.5, 2).variance;
  EXPECT_GT(expected_scaling(gemm(100, 20, 784), 100e-6, 2).variance, large);
  EXPECT_GT(expected_scaling(gemm(2000, 2, 2000), 1e-3, 2).variance, large);
  EXPECT_GT(expected_scaling(gemm(2000, 2000, 2000), 0.5, 64).variance, large);
}

TEST(Scaling, KnowsThreadsThatGetNoWork) {
  EXPECT_GE(expected_scaling(gemm(3, 3, 100'000), 1e-3, 2).log_ratio, 0);
}

TEST(Scaling, SmallMultipliesMoveMoreWithTheState) {
  double before = 1.0001;
  for (double seconds = 1e-6; seconds < 1; seconds *= 1.5) {
    const double loading = expected_loading(seconds);
    EXPECT_LE(loading, before);
    EXPECT_GE(loading, 0.6 - 1e-12);
    before = loading;
  }
  EXPECT_DOUBLE_EQ(expected_loading(1e-5), 1);
}

}  // namespace
}  // namespace blastune
