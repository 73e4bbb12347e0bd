// SPDX-License-Identifier: BSD-3-Clause
#include "cli/batch_intervals.h"

#include <algorithm>

namespace blastune {
namespace {

constexpr double step = 1.03;

double gain(const Advice& advice) {
  return advice.default_seconds / advice.expected_seconds;
}

// The first batch size in (from, to] whose count is not that of `from`, given that `to`'s is not.
std::int64_t first_change(const std::function<Advice(std::int64_t)>& advise, std::int64_t from,
                          std::int64_t to, int threads) {
  while (to - from > 1) {
    const std::int64_t middle = from + (to - from) / 2;
    (advise(middle).threads == threads ? from : to) = middle;
  }
  return to;
}

}  // namespace

std::vector<BatchInterval> batch_intervals(const std::function<Advice(std::int64_t)>& advise,
                                           std::int64_t smallest, std::int64_t largest) {
  std::vector<BatchInterval> intervals;
  Advice advice = advise(smallest);
  if (advice.threads == 0) return intervals;
  intervals.push_back({smallest, smallest, advice.threads, gain(advice)});
  std::int64_t batch = smallest;
  while (batch < largest) {
    const auto next =
        std::min(largest, std::max(batch + 1, static_cast<std::int64_t>(static_cast<double>(batch) * step)));
    advice = advise(next);
    if (advice.threads == 0) return {};
    BatchInterval& last = intervals.back();
    if (advice.threads == last.threads) {
      last.best_gain = std::max(last.best_gain, gain(advice));
    } else {
      const std::int64_t change = first_change(advise, batch, next, last.threads);
      last.to = change - 1;
      intervals.push_back({change, next, advice.threads, gain(advice)});
    }
    intervals.back().to = next;
    batch = next;
  }
  return intervals;
}

}  // namespace blastune
