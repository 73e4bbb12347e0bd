// SPDX-License-Identifier: BSD-3-Clause
//
// The nearest of a fixed set of points in three dimensions: a k-d tree (Bentley 1975) laid out in one array.
// Immutable once built; a query neither allocates nor locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace blastune {

using Point3 = std::array<float, 3>;

struct Neighbour {
  float squared_distance = 0;
  std::uint32_t index = 0;  // into the points given to the constructor
};

class NearestPoints {
 public:
  NearestPoints() = default;
  explicit NearestPoints(std::span<const Point3> points);

  // Fills `nearest` from the front, closest first, and returns how many it found: all of it unless there
  // are fewer points. Points at the same distance come in an order that is fixed but not specified.
  std::size_t find(const Point3& target, std::span<Neighbour> nearest) const;

 private:
  struct Entry {
    Point3 point;
    std::uint32_t index;
  };
  struct Search;

  void arrange(std::span<Entry> entries);
  static std::size_t widest_axis(std::span<const Entry> entries);
  void visit(std::size_t first, std::size_t last, Search& search) const;

  std::vector<Entry> entries_;
  std::vector<std::uint8_t> axes_;  // of the entry that splits, at its position
};

}  // namespace blastune
