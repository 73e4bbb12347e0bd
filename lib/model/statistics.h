// SPDX-License-Identifier: BSD-3-Clause
//
// The statistics that curves, planner and reports share. Pure; no function keeps state.
#pragma once

#include <cstdint>
#include <span>

#include "model/curve.h"

namespace blastune {

// Preconditions of all four: not empty; geometric_mean: every value above 0; quantile: 0 <= q <= 1.
[[nodiscard]] double mean(std::span<const double> values);
[[nodiscard]] double geometric_mean(std::span<const double> values);
[[nodiscard]] double median(std::span<const double> values);
// Linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
[[nodiscard]] double quantile(std::span<const double> values, double q);

// Distribution function of the standard normal, and of Student's t with that many degrees of freedom.
[[nodiscard]] double normal_cdf(double x);
[[nodiscard]] double student_t_cdf(double t, double degrees_of_freedom);

// Probability that the true mean of a is below that of b (Welch 1947), given what was seen of both.
// 0.5 when either has fewer than two bursts.
[[nodiscard]] double probability_less(const Moments& a, const Moments& b);

struct Interval {
  double low = 0;
  double high = 0;
};
// Percentile bootstrap of the geometric mean (Efron 1979), with a seed of its own: same input, same answer.
[[nodiscard]] Interval bootstrap_geometric_mean(std::span<const double> values, double coverage,
                                                int resamples, std::uint64_t seed);

}  // namespace blastune
