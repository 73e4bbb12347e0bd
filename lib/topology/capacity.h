// SPDX-License-Identifier: BSD-3-Clause
//
// How many threads are worth giving on a machine under limits. Pure.
#pragma once

#include <optional>
#include <vector>

#include "base/cpu_limits.h"
#include "topology/topology.h"

namespace blastune {

struct Capacity {
  // Never give more: processors that are online, allowed and in the affinity, and no more than the quota
  // feeds. At least 1.
  int threads = 1;
  // Threads beyond this many share a core with another one.
  int cores = 1;
  // Threads beyond this many run on cores that are not of the fastest kind. Equals `cores` where all are
  // alike.
  int performance_cores = 1;
  // Usable processors, in the order they are worth using: one of each core before any sibling, among those
  // fast kinds before slow ones, among those neighbours together. May be longer than `threads` under a quota.
  std::vector<int> processors;
  // The limits that were applied; none on a topology of another machine.
  bool affinity_applied = false;
  std::optional<double> quota_cores;
};

[[nodiscard]] Capacity capacity(const Topology& topology, const CpuLimits& limits);

}  // namespace blastune
