// SPDX-License-Identifier: BSD-3-Clause
#include "model/burst.h"

#include "model/statistics.h"

namespace blastune {
namespace {

// A share of the burst's processor time that others may take before it counts as disturbed. Below it the
// effect on the median call is lost in the spread between bursts, which is ten times as large.
constexpr double tolerated_share = 0.05;

}  // namespace

double burst_value(const BurstResult& result) {
  return median(result.seconds);
}

bool is_disturbed(const BurstRequest& request, const BurstContext& context) {
  const double lost = context.wait_seconds + context.steal_seconds;
  return lost > tolerated_share * context.wall_seconds * request.threads;
}

}  // namespace blastune
