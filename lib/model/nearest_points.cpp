// SPDX-License-Identifier: BSD-3-Clause
#include "model/nearest_points.h"

#include <algorithm>

namespace blastune {
namespace {

// Below this many entries a scan beats descending further.
constexpr std::size_t leaf_size = 8;

float squared_distance(const Point3& a, const Point3& b) {
  const float x = a[0] - b[0];
  const float y = a[1] - b[1];
  const float z = a[2] - b[2];
  return x * x + y * y + z * z;
}

}  // namespace

struct NearestPoints::Search {
  const Point3& target;
  std::span<Neighbour> nearest;
  std::size_t found = 0;

  [[nodiscard]] bool could_improve(float squared) const {
    return found < nearest.size() || squared < nearest[found - 1].squared_distance;
  }
  void offer(const Entry& entry) {
    const float squared = squared_distance(entry.point, target);
    if (!could_improve(squared)) return;
    std::size_t place = found < nearest.size() ? found++ : found - 1;
    for (; place > 0 && squared < nearest[place - 1].squared_distance; --place)
      nearest[place] = nearest[place - 1];
    nearest[place] = {squared, entry.index};
  }
};

NearestPoints::NearestPoints(std::span<const Point3> points) : axes_(points.size(), 0) {
  entries_.reserve(points.size());
  for (std::uint32_t i = 0; i < points.size(); ++i) entries_.push_back({points[i], i});
  arrange(entries_);
}

// Puts the median along the widest axis in the middle, the smaller before it and the larger behind.
void NearestPoints::arrange(std::span<Entry> entries) {
  if (entries.size() <= leaf_size) return;
  const std::size_t axis = widest_axis(entries);
  const std::size_t middle = entries.size() / 2;
  std::ranges::nth_element(entries, entries.begin() + static_cast<std::ptrdiff_t>(middle), {},
                           [axis](const Entry& entry) { return entry.point[axis]; });
  axes_[static_cast<std::size_t>(&entries[middle] - entries_.data())] = static_cast<std::uint8_t>(axis);
  arrange(entries.first(middle));
  arrange(entries.subspan(middle + 1));
}

std::size_t NearestPoints::widest_axis(std::span<const Entry> entries) {
  Point3 low = entries.front().point;
  Point3 high = low;
  for (const auto& entry : entries) {
    for (std::size_t axis = 0; axis < low.size(); ++axis) {
      low[axis] = std::min(low[axis], entry.point[axis]);
      high[axis] = std::max(high[axis], entry.point[axis]);
    }
  }
  std::size_t widest = 0;
  for (std::size_t axis = 1; axis < low.size(); ++axis) {
    if (high[axis] - low[axis] > high[widest] - low[widest]) widest = axis;
  }
  return widest;
}

void NearestPoints::visit(std::size_t first, std::size_t last, Search& search) const {
  if (last - first <= leaf_size) {
    for (std::size_t i = first; i < last; ++i) search.offer(entries_[i]);
    return;
  }
  const std::size_t middle = first + (last - first) / 2;
  const std::size_t axis = axes_[middle];
  const float offset = search.target[axis] - entries_[middle].point[axis];
  const bool below = offset < 0;
  visit(below ? first : middle + 1, below ? middle : last, search);
  if (!search.could_improve(offset * offset)) return;
  search.offer(entries_[middle]);
  visit(below ? middle + 1 : first, below ? last : middle, search);
}

std::size_t NearestPoints::find(const Point3& target, std::span<Neighbour> nearest) const {
  if (nearest.empty()) return 0;
  Search search{target, nearest};
  visit(0, entries_.size(), search);
  return search.found;
}

}  // namespace blastune
