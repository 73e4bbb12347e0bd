// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/pooled_counts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "model/rng.h"

namespace blastune {
namespace {

// Of the largest count.
constexpr std::array<double, 9> common_shares = {1.0 / 12, 1.0 / 6, 1.0 / 4, 1.0 / 3, 5.0 / 12,
                                                 1.0 / 2,  2.0 / 3, 5.0 / 6, 1};
constexpr std::size_t own_counts = 4;
constexpr std::size_t promising = 6;
constexpr double least_gain = 1e-6;

int nearest(std::span<const int> counts, double wanted) {
  return *std::ranges::min_element(counts, {}, [wanted](int count) { return std::abs(count - wanted); });
}

}  // namespace

std::vector<int> first_counts(std::span<const int> counts, const Gemm& gemm, std::uint64_t seed) {
  std::set<int> chosen{counts.front()};
  for (const double share : common_shares) chosen.insert(nearest(counts, share * counts.back()));
  Rng rng(seed ^ (static_cast<std::uint64_t>(gemm.m) * 0x9E3779B97F4A7C15U) ^
          (static_cast<std::uint64_t>(gemm.n) * 0xC2B2AE3D27D4EB4FU) ^
          (static_cast<std::uint64_t>(gemm.k) * 0x165667B19E3779F9U));
  const std::size_t wanted = std::min(counts.size(), chosen.size() + own_counts);
  while (chosen.size() < wanted) chosen.insert(counts[rng.below(counts.size())]);
  return {chosen.begin(), chosen.end()};
}

std::vector<int> promising_counts(std::span<const int> counts, const Prospects& prospects, int chosen) {
  std::vector<std::size_t> order(counts.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::stable_sort(order, std::ranges::greater{}, [&](std::size_t i) { return prospects.gain[i]; });
  std::vector<int> next{chosen};
  for (const std::size_t i : order) {
    if (next.size() > promising || prospects.gain[i] < least_gain) break;
    if (counts[i] != chosen) next.push_back(counts[i]);
  }
  return next;
}

}  // namespace blastune
