// SPDX-License-Identifier: BSD-3-Clause
#include "topology/capacity.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace blastune {
namespace {

// Usable processors of one core, and how fast it is.
struct UsableCore {
  int efficiency = -1;
  ProcessorNumbers processors;
};

ProcessorNumbers intersection(const ProcessorNumbers& a, const ProcessorNumbers& b) {
  ProcessorNumbers both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

std::vector<UsableCore> usable_cores(const Topology& topology, const ProcessorNumbers& usable) {
  std::vector<UsableCore> cores;
  for (const Core& core : topology.cores) {
    UsableCore entry{-1, intersection(core.processors, usable)};
    const auto kind = static_cast<std::size_t>(core.kind);
    if (kind < topology.kinds.size()) entry.efficiency = topology.kinds[kind].efficiency;
    if (!entry.processors.empty()) cores.push_back(std::move(entry));
  }
  std::stable_sort(cores.begin(), cores.end(),
                   [](const UsableCore& a, const UsableCore& b) { return a.efficiency > b.efficiency; });
  return cores;
}

}  // namespace

Capacity capacity(const Topology& topology, const CpuLimits& limits) {
  Capacity result;
  ProcessorNumbers usable = intersection(topology.online, topology.allowed);
  if (topology.this_system && !limits.affinity.empty()) {
    result.affinity_applied = true;
    usable = intersection(usable, limits.affinity);
  }

  const std::vector<UsableCore> cores = usable_cores(topology, usable);
  std::size_t most_siblings = 0;
  for (const UsableCore& core : cores) most_siblings = std::max(most_siblings, core.processors.size());
  for (std::size_t sibling = 0; sibling < most_siblings; ++sibling) {
    for (const UsableCore& core : cores) {
      if (sibling < core.processors.size()) result.processors.push_back(core.processors[sibling]);
    }
  }

  result.threads = std::max(1, static_cast<int>(result.processors.size()));
  if (topology.this_system && limits.quota_cores) {
    result.quota_cores = limits.quota_cores;
    result.threads = std::min(result.threads, threads_of_quota(*limits.quota_cores));
  }
  const auto fastest = std::count_if(cores.begin(), cores.end(), [&](const UsableCore& core) {
    return core.efficiency == cores.front().efficiency;
  });
  result.cores = std::clamp(static_cast<int>(cores.size()), 1, result.threads);
  result.performance_cores = std::clamp(static_cast<int>(fastest), 1, result.threads);
  return result;
}

}  // namespace blastune
