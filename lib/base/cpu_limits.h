// SPDX-License-Identifier: BSD-3-Clause
//
// How much of the machine this process may use, as far as the kernel tells without hwloc: the client
// library asks this too. Any thread may call this. It never fails: a limit that cannot be read or
// understood is a limit that is not known, and the others still hold.
#pragma once

#include <sched.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"

namespace blastune {

struct CpuLimits {
  // Processors the calling thread, and so the threads it will start, may run on; ascending kernel numbers.
  // Empty when the kernel would not say.
  std::vector<int> affinity;
  // Processors' worth of time that the tightest cgroup on the way to the root grants; nothing: no limit.
  std::optional<double> quota_cores;
  // The file that said so.
  std::string quota_file;
};

[[nodiscard]] CpuLimits read_cpu_limits(const KernelPaths& paths = {});

// The quota alone. cgroup v2's cpu.max and v1's cpu.cfs_quota_us bind every descendant, so the smallest over
// all ancestors that can be seen counts. Ancestors outside the container's view cannot be read.
void read_cpu_quota(const KernelPaths& paths, CpuLimits& limits);

// The affinity alone. `call` is sched_getaffinity without its first argument; it refuses masks with fewer
// bits than the kernel has processors, so masks are grown until it accepts one.
using AffinityCall = std::function<int(std::size_t bytes, cpu_set_t* mask)>;
[[nodiscard]] std::vector<int> read_affinity(const AffinityCall& call);

// Threads that a quota surely feeds: rounded down, because one thread too many is throttled and stalls all
// others, while one too few costs its share at most. What is missing to a whole thread by up to 1 % of one is
// forgiven. At least 1.
[[nodiscard]] int threads_of_quota(double quota_cores);

// The smaller of affinity and quota; at least 1. With neither known, the processors that are online.
[[nodiscard]] int usable_processors(const CpuLimits& limits);

}  // namespace blastune
