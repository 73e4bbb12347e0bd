// SPDX-License-Identifier: BSD-3-Clause
#include "bench/policy_times.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace blastune::bench {

double PolicyTimes::median_seconds(std::size_t at_case, std::size_t policy) const {
  std::vector<double> seconds;
  for (const auto& block : blocks_[at_case]) seconds.push_back(block[policy]);
  return median(seconds);
}

std::vector<double> PolicyTimes::ratios(std::size_t at_case, std::size_t policy,
                                        std::size_t reference) const {
  std::vector<double> all;
  for (const auto& block : blocks_[at_case]) all.push_back(block[policy] / block[reference]);
  return all;
}

double PolicyTimes::ratio(std::size_t at_case, std::size_t policy, std::size_t reference) const {
  return median(ratios(at_case, policy, reference));
}

double PolicyTimes::ratio_error(std::size_t at_case, std::size_t policy, std::size_t reference) const {
  const auto all = ratios(at_case, policy, reference);
  // From the quartiles, as if the middle of the distribution were normal: 1.35 deviations lie between them,
  // and a median's error is 1.25 times a mean's.
  const double between = quantile(all, 0.75) - quantile(all, 0.25);
  return 1.25 * between / 1.35 / std::sqrt(static_cast<double>(all.size()));
}

double PolicyTimes::against_best(std::size_t at_case, std::size_t policy, std::size_t first,
                                 std::size_t last) const {
  double worst = 0;
  for (std::size_t reference = first; reference <= last; ++reference)
    worst = std::max(worst, ratio(at_case, policy, reference));
  return worst;
}

Summary summarise(const std::vector<double>& ratios) {
  return {geometric_mean(ratios), bootstrap_geometric_mean(ratios, 0.95, 2000, 1), quantile(ratios, 0.95),
          quantile(ratios, 1), ratios.size()};
}

std::string text(const Summary& summary) {
  char line[160];
  std::snprintf(line, sizeof line, "%.3f (%.3f-%.3f), 95th %.2f, worst %.2f over %zu", summary.geometric_mean,
                summary.interval.low, summary.interval.high, summary.p95, summary.worst, summary.cases);
  return line;
}

}  // namespace blastune::bench
