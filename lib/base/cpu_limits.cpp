// SPDX-License-Identifier: BSD-3-Clause
#include "base/cpu_limits.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "base/cgroup_directories.h"
#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_value_bytes = 256;

std::optional<double> ratio(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

struct Quota {
  double cores = 0;
  std::string file;
};

std::optional<Quota> quota_of_directory(const std::string& directory, CgroupHierarchy hierarchy) {
  if (hierarchy == CgroupHierarchy::v2) {
    const std::string file = directory + "/cpu.max";
    const auto text = read_kernel_file(file, max_value_bytes);
    if (!text) return std::nullopt;
    std::string_view rest = trim(*text);
    const auto quota = parse_kernel_number(take_until(rest, ' '));  // "max" is no number, and no limit
    const auto cores = ratio(quota, parse_kernel_number(rest));
    return cores ? std::optional(Quota{*cores, file}) : std::nullopt;
  }
  const std::string file = directory + "/cpu.cfs_quota_us";
  const auto quota = read_kernel_file(file, max_value_bytes);
  const auto period = read_kernel_file(directory + "/cpu.cfs_period_us", max_value_bytes);
  if (!quota || !period) return std::nullopt;
  const auto cores = ratio(parse_kernel_number(*quota), parse_kernel_number(*period));  // no limit is -1
  return cores ? std::optional(Quota{*cores, file}) : std::nullopt;
}

}  // namespace

std::vector<int> read_affinity(const AffinityCall& call) {
  const auto release = [](cpu_set_t* mask) { CPU_FREE(mask); };
  for (int bits = 1024; bits <= max_processor_number; bits *= 2) {
    const auto width = static_cast<std::size_t>(bits);
    const std::unique_ptr<cpu_set_t, decltype(release)> mask(CPU_ALLOC(width), release);
    if (!mask) return {};
    const std::size_t bytes = CPU_ALLOC_SIZE(width);
    CPU_ZERO_S(bytes, mask.get());
    if (call(bytes, mask.get()) != 0) {
      if (errno == EINVAL) continue;
      return {};
    }
    std::vector<int> processors;
    for (int processor = 0; processor < bits; ++processor) {
      if (CPU_ISSET_S(static_cast<std::size_t>(processor), bytes, mask.get()))
        processors.push_back(processor);
    }
    return processors;
  }
  return {};
}

void read_cpu_quota(const KernelPaths& paths, CpuLimits& limits) {
  for (const CgroupDirectory& directory : own_cgroup_directories(paths)) {
    auto quota = quota_of_directory(directory.path, directory.hierarchy);
    if (!quota || (limits.quota_cores && quota->cores >= *limits.quota_cores)) continue;
    limits.quota_cores = quota->cores;
    limits.quota_file = std::move(quota->file);
  }
}

CpuLimits read_cpu_limits(const KernelPaths& paths) {
  CpuLimits limits;
  limits.affinity =
      read_affinity([](std::size_t bytes, cpu_set_t* mask) { return ::sched_getaffinity(0, bytes, mask); });
  read_cpu_quota(paths, limits);
  return limits;
}

int threads_of_quota(double quota_cores) {
  constexpr double forgiven = 0.01;
  constexpr double most = max_processor_number;
  if (!(quota_cores >= 1)) return 1;
  return static_cast<int>(std::min(most, std::floor(quota_cores + forgiven)));
}

int usable_processors(const CpuLimits& limits) {
  int processors = static_cast<int>(limits.affinity.size());
  if (processors == 0) {
    const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
    processors = static_cast<int>(std::clamp<long>(online, 1, max_processor_number));
  }
  return limits.quota_cores ? std::min(processors, threads_of_quota(*limits.quota_cores)) : processors;
}

}  // namespace blastune
