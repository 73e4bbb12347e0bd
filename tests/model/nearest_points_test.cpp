// SPDX-License-Identifier: BSD-3-Clause
#include "model/nearest_points.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "model/rng.h"

namespace blastune {
namespace {

float squared(const Point3& a, const Point3& b) {
  float sum = 0;
  for (std::size_t i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

TEST(NearestPoints, AgreesWithAScanOfAllPoints) {
  Rng rng(5);
  for (const std::size_t count : {0U, 1U, 7U, 8U, 9U, 64U, 1000U}) {
    std::vector<Point3> points(count);
    for (auto& point : points) {
      // A coarse lattice, so that many distances and coordinates are equal.
      for (auto& size : point) size = static_cast<float>(rng.below(6));
    }
    const NearestPoints tree(points);
    for (int query = 0; query < 50; ++query) {
      const Point3 target{static_cast<float>(rng.uniform() * 6), static_cast<float>(rng.uniform() * 6),
                          static_cast<float>(rng.below(6))};
      std::array<Neighbour, 8> found{};
      const std::size_t size = tree.find(target, found);
      ASSERT_EQ(size, std::min<std::size_t>(count, found.size()));
      std::vector<float> distances;
      for (const auto& point : points) distances.push_back(squared(point, target));
      std::ranges::sort(distances);
      for (std::size_t i = 0; i < size; ++i) {
        EXPECT_FLOAT_EQ(found[i].squared_distance, distances[i]);
        EXPECT_FLOAT_EQ(squared(points[found[i].index], target), found[i].squared_distance);
      }
    }
  }
}

}  // namespace
}  // namespace blastune
