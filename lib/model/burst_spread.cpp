// SPDX-License-Identifier: BSD-3-Clause
#include "model/burst_spread.h"

#include <algorithm>

namespace blastune {
namespace {

constexpr double belief_in_bursts = 20;   // what the belief is worth against all bursts of a table
constexpr double others_in_bursts = 3;    // what all others are worth against one curve's own
constexpr double largest_relative = 2.0;  // standard deviation: more says nothing more

double relative_spread(const Moments& bursts) {
  if (bursts.count() < 2 || bursts.mean() <= 0) return 0;
  return std::min(bursts.standard_deviation() / bursts.mean(), largest_relative);
}

}  // namespace

double pooled_burst_variance(std::span<const Curve> curves) {
  double squares = believed_burst_variance * belief_in_bursts;
  double degrees = belief_in_bursts;
  for (const auto& curve : curves) {
    for (const auto& point : curve.points) {
      const double spread = relative_spread(point.seconds);
      const auto repeats = static_cast<double>(point.seconds.count() - 1);
      squares += spread * spread * repeats;
      degrees += repeats;
    }
  }
  return squares / degrees;
}

double relative_variance(const Moments& bursts, double of_one) {
  const auto count = static_cast<double>(bursts.count());
  const double spread = relative_spread(bursts);
  return (spread * spread * (count - 1) + of_one * others_in_bursts) / (count - 1 + others_in_bursts) / count;
}

}  // namespace blastune
