// SPDX-License-Identifier: BSD-3-Clause
#include "cli/whole_pass.h"

#include <algorithm>
#include <numbers>
#include <set>

namespace blastune {

PassTimes pass_times(const Advisor& advisor, const std::vector<Gemm>& layers, const std::vector<int>& counts,
                     int limit, double tolerance) {
  PassTimes times;
  for (const auto& gemm : layers) {
    const Advice advice = advisor.advise(gemm, limit);
    times.layers.push_back(advice);
    times.advised_seconds += advice.expected_seconds;
    times.default_seconds += advice.default_seconds;
  }
  struct Constant {
    int count;
    double seconds;
  };
  std::vector<Constant> constants;
  for (const int count : counts) {
    if (count > limit) break;
    double seconds = 0;
    for (const auto& gemm : layers) seconds += advisor.expected_seconds(gemm, count);
    constants.push_back({count, seconds});
  }
  if (constants.empty()) return times;
  const double best = std::ranges::min_element(constants, {}, &Constant::seconds)->seconds;
  for (const auto& constant : constants) {
    if (constant.seconds > best * (1 + tolerance)) continue;
    times.best_constant = constant.count;
    times.constant_seconds = constant.seconds;
    break;
  }
  return times;
}

BestBatch best_batch(const Advisor& advisor, const Network& network, DType dtype, Pass pass, Layout layout,
                     std::int64_t asked, SizeRange range, int limit, double tolerance) {
  std::set<std::int64_t> batches{asked};
  for (double size = static_cast<double>(range.from); size <= static_cast<double>(range.to);
       size = std::max(size + 1, size * std::numbers::sqrt2))
    batches.insert(static_cast<std::int64_t>(size));
  std::vector<BestBatch> ladder;
  for (const auto batch : batches) {
    double seconds = 0;
    for (const auto& layer : layers_of(network)) {
      seconds += advisor.advise(layer_gemm(layer, batch, dtype, pass, layout), limit).expected_seconds;
    }
    ladder.push_back({batch, seconds / static_cast<double>(batch)});
  }
  const double best =
      std::ranges::min_element(ladder, {}, &BestBatch::seconds_per_sample)->seconds_per_sample;
  return *std::ranges::find_if(
      ladder, [&](const BestBatch& entry) { return entry.seconds_per_sample <= best * (1 + tolerance); });
}

}  // namespace blastune
