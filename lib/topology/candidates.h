// SPDX-License-Identifier: BSD-3-Clause
//
// Which thread counts are worth measuring. Pure.
#pragma once

#include <cstddef>
#include <vector>

#include "topology/capacity.h"
#include "topology/topology.h"

namespace blastune {

inline constexpr int measure_all_up_to = 16;
inline constexpr std::size_t max_candidates = 32;

// Ascending, without duplicates, from 1 to capacity.threads (called P), both included; at most
// max_candidates of them.
//
// Up to measure_all_up_to: every count. Above, since cost is not unimodal in the count, the whole range is
// covered, and every gap between neighbours is about as wide in proportion:
//  - 1 to 4, P, P-1 and P-2 (one or two left for other programs), all cores, all cores less one and two,
//    all cores of each kind from the fastest on;
//  - then the largest gaps are split, for as long as one is wider than an eighth: where a package, NUMA node
//    or cache group (in this order) ends when cores are filled one after the other, else at the roundest
//    number near the middle, since multiplies split evenly over counts with many factors.
[[nodiscard]] std::vector<int> candidate_threads(const Topology& topology, const Capacity& capacity);

}  // namespace blastune
