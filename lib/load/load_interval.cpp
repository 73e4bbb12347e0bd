// SPDX-License-Identifier: BSD-3-Clause
#include "load/load_interval.h"

#include <algorithm>
#include <cmath>

namespace blastune {
namespace {

// A counter's way, no longer than the time allows: a processor that came back may count from anywhere, and
// the kernel is known to let some counters step back.
double way(double before, double after, double most) {
  const double difference = after - before;
  return difference > 0 ? std::min(difference, most) : 0;
}

bool moved(const std::optional<std::int64_t>& before, const std::optional<std::int64_t>& after) {
  return before && after && *after > *before;
}

}  // namespace

LoadInterval load_between(const LoadReading& before, const LoadReading& after, double own_cpu_seconds) {
  LoadInterval load;
  const double seconds = after.monotonic_seconds - before.monotonic_seconds;
  if (!(seconds > 0) || !std::isfinite(seconds)) return load;
  load.seconds = seconds;

  double busy = 0;
  double steal = 0;
  auto earlier = before.processors.begin();
  for (const ProcessorCounters& later : after.processors) {
    while (earlier != before.processors.end() && earlier->processor < later.processor) ++earlier;
    if (earlier == before.processors.end()) break;
    if (earlier->processor != later.processor) continue;
    ++load.processors;
    busy += way(earlier->busy_seconds, later.busy_seconds, seconds);
    steal += way(earlier->steal_seconds, later.steal_seconds, seconds);
    load.thermally_throttled |= moved(earlier->thermal_throttles, later.thermal_throttles);
  }
  const double own = own_cpu_seconds > 0 ? own_cpu_seconds : 0;
  const double most = load.processors;
  load.used_by_others = std::clamp((busy - own) / seconds, 0.0, most);
  load.steal = std::clamp(steal / seconds, 0.0, most);
  if (before.waiting_seconds && after.waiting_seconds) {
    load.waiting_share =
        std::clamp(way(*before.waiting_seconds, *after.waiting_seconds, seconds) / seconds, 0.0, 1.0);
  }
  load.runnable = after.runnable;
  load.quota_throttled = moved(before.quota_throttles, after.quota_throttles);
  load.power = after.power;
  return load;
}

}  // namespace blastune
