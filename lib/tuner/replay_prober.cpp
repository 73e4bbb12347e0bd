// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/replay_prober.h"

#include <algorithm>
#include <numeric>

namespace blastune {

Result<std::vector<std::optional<BurstResult>>> ReplayProber::run(std::span<const BurstRequest> requests) {
  std::vector<std::optional<BurstResult>> results;
  results.reserve(requests.size());
  for (const auto& request : requests) {
    const auto calls = recording_.calls(request.gemm, request.threads);
    std::size_t& next = next_[{canonical(request.gemm), request.threads}];
    const std::size_t count = std::min(static_cast<std::size_t>(request.calls), calls.size() - next);
    if (count == 0) {
      results.emplace_back(std::nullopt);
      continue;
    }
    if (next == 0 && recording_.left_out(request.gemm, request.threads)) ++passed_over_;
    const auto taken = calls.subspan(next, count);
    next += count;
    used_ += static_cast<std::int64_t>(count);
    BurstResult result;
    result.seconds.assign(taken.begin(), taken.end());
    result.context.wall_seconds = std::accumulate(taken.begin(), taken.end(), 0.0);
    result.context.cpu_seconds = result.context.wall_seconds * request.threads;
    clock_.advance(result.context.wall_seconds);
    results.emplace_back(std::move(result));
  }
  return results;
}

}  // namespace blastune
