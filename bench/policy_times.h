// SPDX-License-Identifier: BSD-3-Clause
//
// Times of several ways of choosing the count ("policies") on several cases, measured in turn in one run, and
// their comparison as ratios. A value is the mean over bursts, with the bursts spread over the run.
#pragma once

#include <string>
#include <vector>

#include "model/curve.h"
#include "model/statistics.h"

namespace blastune::bench {

class PolicyTimes {
 public:
  PolicyTimes(std::size_t cases, std::size_t policies) : policies_(policies), times_(cases * policies) {}

  void add(std::size_t at_case, std::size_t policy, double seconds) { at(at_case, policy).add(seconds); }
  [[nodiscard]] const Moments& of(std::size_t at_case, std::size_t policy) const {
    return times_[at_case * policies_ + policy];
  }
  [[nodiscard]] std::size_t cases() const { return times_.size() / policies_; }

 private:
  Moments& at(std::size_t at_case, std::size_t policy) { return times_[at_case * policies_ + policy]; }

  std::size_t policies_;
  std::vector<Moments> times_;
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
