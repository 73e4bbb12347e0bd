// SPDX-License-Identifier: BSD-3-Clause
//
// Times of several ways of choosing the count ("policies") on several cases. A case is measured in blocks,
// spread over the run: every policy once, in random order, within milliseconds. Two policies are compared by
// the median over blocks of the ratio of their times, because what the machine does to a block it does to
// both.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/statistics.h"

namespace blastune::bench {

class PolicyTimes {
 public:
  explicit PolicyTimes(std::size_t cases) : blocks_(cases) {}

  // seconds: one for each policy, the same policies every time.
  void add_block(std::size_t at_case, std::vector<double> seconds) {
    blocks_[at_case].push_back(std::move(seconds));
  }
  [[nodiscard]] std::size_t blocks(std::size_t at_case) const { return blocks_[at_case].size(); }

  // Precondition of these: a block of that case was added.
  [[nodiscard]] double median_seconds(std::size_t at_case, std::size_t policy) const;
  [[nodiscard]] double ratio(std::size_t at_case, std::size_t policy, std::size_t reference) const;
  // The standard error of ratio(), about.
  [[nodiscard]] double ratio_error(std::size_t at_case, std::size_t policy, std::size_t reference) const;
  // ratio() against the best of the references first to last: the largest of them.
  [[nodiscard]] double against_best(std::size_t at_case, std::size_t policy, std::size_t first,
                                    std::size_t last) const;

 private:
  [[nodiscard]] std::vector<double> ratios(std::size_t at_case, std::size_t policy,
                                           std::size_t reference) const;

  std::vector<std::vector<std::vector<double>>> blocks_;  // of each case, of each block, of each policy
};

struct Summary {
  double geometric_mean = 0;
  Interval interval;  // of the geometric mean over cases, 95 %, bootstrap
  double p95 = 0;
  double worst = 0;
  std::size_t cases = 0;
};

// Precondition: not empty.
[[nodiscard]] Summary summarise(const std::vector<double>& ratios);

// "1.003 (0.998-1.008), 95th 1.02, worst 1.05 over 36".
[[nodiscard]] std::string text(const Summary& summary);

}  // namespace blastune::bench
