// SPDX-License-Identifier: BSD-3-Clause
//
// How much single bursts scatter, for judging means of few of them: what one curve's bursts say, together
// with what all curves of a table say, together with a belief from before anything is measured. Pure.
#pragma once

#include <span>

#include "model/curve.h"

namespace blastune {

// Of one burst relative to its mean, believed until bursts say otherwise.
inline constexpr double believed_burst_variance = 0.2 * 0.2;

// Of one burst of any of these curves, relative to its mean. Repeated bursts of one gemm and count tell it.
[[nodiscard]] double pooled_burst_variance(std::span<const Curve> curves);

// Of the mean of these bursts, relative to it, and so of its logarithm. of_one: what is known of one burst
// from elsewhere. Precondition: at least one burst.
[[nodiscard]] double relative_variance(const Moments& bursts, double of_one);

}  // namespace blastune
