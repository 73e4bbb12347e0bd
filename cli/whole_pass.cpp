// SPDX-License-Identifier: BSD-3-Clause
#include "cli/whole_pass.h"

#include <algorithm>
#include <set>

#include "tuner/plan.h"

namespace blastune {
namespace {

Basis weaker(Basis one, Basis other) {
  if (one == Basis::none || other == Basis::none) return Basis::none;
  return one == Basis::measured ? other : one;
}

}  // namespace

PassTimes pass_times(const Advisor& advisor, const std::vector<Gemm>& layers, const std::vector<int>& counts,
                     int limit, double tolerance) {
  PassTimes times;
  bool default_is_known = true;
  for (const auto& gemm : layers) {
    const Advice advice = advisor.advise(gemm, limit);
    times.layers.push_back(advice);
    times.advised_seconds += advice.expected_seconds;
    times.default_seconds += advice.default_seconds;
    default_is_known = default_is_known && advice.default_seconds > 0;
  }
  if (!default_is_known) times.default_seconds = 0;
  Curve pass;  // a pass has a time for each count, as a gemm has
  for (const int count : counts) {
    if (count > limit) break;
    ConstantTime constant{count, 0, Basis::measured};
    for (const auto& gemm : layers) {
      const auto expected = advisor.expected(gemm, count);
      constant.seconds += expected.seconds;
      constant.basis = weaker(constant.basis, expected.basis);
    }
    if (constant.basis == Basis::none) continue;
    pass.at(count).seconds.add(constant.seconds);
    times.constants.push_back(constant);
  }
  const int best = best_threads(pass, limit, tolerance);
  if (best > 0) times.best_constant = *std::ranges::find(times.constants, best, &ConstantTime::threads);
  return times;
}

BestBatch best_batch(const Advisor& advisor, const Network& network, DType dtype, Pass pass, Layout layout,
                     std::int64_t asked, SizeRange range, int limit, double tolerance) {
  const auto measured = batch_ladder(range.from, range.to);
  std::set<std::int64_t> batches(measured.begin(), measured.end());
  batches.insert(asked);
  std::vector<BestBatch> ladder;
  for (const auto batch : batches) {
    BestBatch& entry = ladder.emplace_back(BestBatch{batch, 0, Basis::measured, false});
    for (const auto& layer : layers_of(network)) {
      const Advice advice = advisor.advise(layer_gemm(layer, batch, dtype, pass, layout), limit);
      entry.seconds_per_sample += advice.expected_seconds / static_cast<double>(batch);
      entry.basis = weaker(entry.basis, advice.basis);
    }
  }
  const double best =
      std::ranges::min_element(ladder, {}, &BestBatch::seconds_per_sample)->seconds_per_sample;
  auto found = *std::ranges::find_if(
      ladder, [&](const BestBatch& entry) { return entry.seconds_per_sample <= best * (1 + tolerance); });
  found.is_largest = found.batch == ladder.back().batch;
  return found;
}

}  // namespace blastune
