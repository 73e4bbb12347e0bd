// SPDX-License-Identifier: BSD-3-Clause
//
// How the machine was used between two readings, less what was our own. Pure; whatever is in the readings,
// the answer is finite and within its bounds.
#pragma once

#include <cstdint>
#include <optional>

#include "load/load_reading.h"

namespace blastune {

struct LoadInterval {
  double seconds = 0;                    // 0: the readings say nothing, and the rest is void
  int processors = 0;                    // online in both readings; only these are counted
  double used_by_others = 0;             // processors, on average; 0 to `processors`
  double steal = 0;                      // processors, on average; 0 to `processors`
  std::optional<double> waiting_share;   // of the time, in which some task waited for a processor; 0 to 1
  std::optional<std::int64_t> runnable;  // at the end: tasks that run or want to, the reader included
  bool quota_throttled = false;          // a cgroup that binds us ran out of its quota
  bool thermally_throttled = false;
  Power power = Power::unknown;  // at the end

  bool operator==(const LoadInterval&) const = default;
};

// own_cpu_seconds: processor time that we, with all our workers, took between the readings (own_use.h).
[[nodiscard]] LoadInterval load_between(const LoadReading& before, const LoadReading& after,
                                        double own_cpu_seconds);

}  // namespace blastune
