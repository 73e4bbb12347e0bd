// SPDX-License-Identifier: BSD-3-Clause
//
// Which counts of a gemm are measured next where there are too many to measure all. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/curve.h"
#include "tuner/curve_pool.h"

namespace blastune {

// Up to this many counts, each is measured for every gemm.
inline constexpr std::size_t most_counts_measured_all = 16;

// For a gemm of which little was measured: some that every gemm has, spread over all counts, and some of its
// own, so that all gemms together know of every count. counts: more than most_counts_measured_all, ascending.
[[nodiscard]] std::vector<int> first_counts(std::span<const int> counts, const Gemm& gemm,
                                            std::uint64_t seed);

// Those with the largest expected gain, and the chosen one, which is what they have to beat.
[[nodiscard]] std::vector<int> promising_counts(std::span<const int> counts, const Prospects& prospects,
                                                int chosen);

}  // namespace blastune
