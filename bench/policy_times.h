// SPDX-License-Identifier: BSD-3-Clause
//
// Times of several ways of choosing the count ("policies") on several cases. A case is measured in blocks,
// spread over the run: every policy once, in random order, within milliseconds, because what the machine
// does to a block it does to all. Two policies are compared by the ratio of their means over the same
// blocks, which is what a user pays, and beside it by the median of the blocks' ratios, which single blocks
// cannot move.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "model/statistics.h"

namespace blastune::bench {

// Above 1: slower than the reference.
struct Comparison {
  double of_means = 0;
  double median = 0;
};

class PolicyTimes {
 public:
  explicit PolicyTimes(std::size_t cases) : blocks_(cases) {}

  // seconds: one for each policy, the same policies every time.
  void add_block(std::size_t at_case, std::vector<double> seconds) {
    blocks_[at_case].push_back(std::move(seconds));
  }
  [[nodiscard]] std::size_t blocks(std::size_t at_case) const { return blocks_[at_case].size(); }

  // Precondition of these: a block of that case was added.
  [[nodiscard]] double mean_seconds(std::size_t at_case, std::size_t policy) const;
  [[nodiscard]] Comparison compare(std::size_t at_case, std::size_t policy, std::size_t reference) const;
  // With the best of the references first to last: the largest ratio to any of them.
  [[nodiscard]] Comparison compare_with_best(std::size_t at_case, std::size_t policy, std::size_t first,
                                             std::size_t last) const;

 private:
  std::vector<std::vector<std::vector<double>>> blocks_;  // of each case, of each block, of each policy
};

struct Summary {
  double geometric_mean = 0;
  Interval interval;  // of the geometric mean over cases, 95 %, bootstrap
  double p95 = 0;
  double worst = 0;
  std::size_t cases = 0;
};

// Precondition of both: not empty.
[[nodiscard]] Summary summarise(const std::vector<double>& ratios);
// Of the ratios of means, and behind it of the medians:
// "1.003 (0.998-1.008), 95th 1.02, worst 1.05 over 36; medians 1.001 (0.998-1.004), ...".
[[nodiscard]] std::string text(const std::vector<Comparison>& comparisons);

}  // namespace blastune::bench
