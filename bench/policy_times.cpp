// SPDX-License-Identifier: BSD-3-Clause
#include "bench/policy_times.h"

#include <algorithm>
#include <cstdio>

namespace blastune::bench {

double PolicyTimes::mean_seconds(std::size_t at_case, std::size_t policy) const {
  double sum = 0;
  for (const auto& block : blocks_[at_case]) sum += block[policy];
  return sum / static_cast<double>(blocks_[at_case].size());
}

Comparison PolicyTimes::compare(std::size_t at_case, std::size_t policy, std::size_t reference) const {
  std::vector<double> ratios;
  for (const auto& block : blocks_[at_case]) ratios.push_back(block[policy] / block[reference]);
  return {mean_seconds(at_case, policy) / mean_seconds(at_case, reference), median(ratios)};
}

Comparison PolicyTimes::compare_with_best(std::size_t at_case, std::size_t policy, std::size_t first,
                                          std::size_t last) const {
  Comparison worst;
  for (std::size_t reference = first; reference <= last; ++reference) {
    const Comparison with = compare(at_case, policy, reference);
    worst.of_means = std::max(worst.of_means, with.of_means);
    worst.median = std::max(worst.median, with.median);
  }
  return worst;
}

Summary summarise(const std::vector<double>& ratios) {
  return {geometric_mean(ratios), bootstrap_geometric_mean(ratios, 0.95, 2000, 1), quantile(ratios, 0.95),
          quantile(ratios, 1), ratios.size()};
}

namespace {

std::string text(const Summary& summary) {
  char line[160];
  std::snprintf(line, sizeof line, "%.3f (%.3f-%.3f), 95th %.2f, worst %.2f over %zu", summary.geometric_mean,
                summary.interval.low, summary.interval.high, summary.p95, summary.worst, summary.cases);
  return line;
}

}  // namespace

std::string text(const std::vector<Comparison>& comparisons) {
  std::vector<double> of_means;
  std::vector<double> medians;
  for (const auto& comparison : comparisons) {
    of_means.push_back(comparison.of_means);
    medians.push_back(comparison.median);
  }
  return text(summarise(of_means)) + "; medians " + text(summarise(medians));
}

}  // namespace blastune::bench
