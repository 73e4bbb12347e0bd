// SPDX-License-Identifier: BSD-3-Clause
#include "bench/policy_times.h"

#include <cstdio>

namespace blastune::bench {

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
