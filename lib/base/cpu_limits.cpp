// SPDX-License-Identifier: BSD-3-Clause
#include "base/cpu_limits.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <string_view>
#include <utility>

#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_cgroup_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_mountinfo_bytes = std::size_t{4} << 20U;  // hosts of many containers have long ones
constexpr std::size_t max_value_bytes = 256;
constexpr std::size_t max_path_length = 4096;
constexpr std::size_t max_mounts = 64;

enum class Hierarchy { v1, v2 };

struct Mount {
  Hierarchy hierarchy = Hierarchy::v2;
  std::string root;   // which cgroup the mount point shows
  std::string point;  // where it shows it
};

// Cuts the text up to the separator off `rest`.
std::string_view take(std::string_view& rest, char separator) {
  const auto end = rest.find(separator);
  const std::string_view head = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return head;
}

bool lists(std::string_view comma_separated, std::string_view word) {
  while (!comma_separated.empty()) {
    if (take(comma_separated, ',') == word) return true;
  }
  return false;
}

// mountinfo writes blanks and backslashes in paths as a backslash and three octal digits.
std::string unescape(std::string_view text) {
  const auto octal = [](char c) { return c >= '0' && c <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && octal(text[i + 1]) && octal(text[i + 2]) &&
        octal(text[i + 3])) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// A path of /proc/self/cgroup or a mount's root. Seen from inside a cgroup namespace, what lies outside
// begins with "/..", once a level.
struct CgroupPath {
  int levels_up = 0;
  std::vector<std::string_view> names;
};

std::optional<CgroupPath> split(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > max_path_length) return std::nullopt;
  CgroupPath parts;
  while (!path.empty()) {
    const std::string_view name = take(path, '/');
    if (name.empty() || name == ".") continue;
    if (name != "..") {
      parts.names.push_back(name);
    } else if (parts.names.empty()) {
      ++parts.levels_up;
    } else {
      return std::nullopt;
    }
  }
  return parts;
}

// The cgroups from the mount's root down to ours, as names below the mount point. Nothing when the mount
// shows no ancestor of ours, and its quota is therefore somebody else's.
std::optional<std::vector<std::string_view>> names_below(std::string_view mount_root,
                                                         std::string_view own_path) {
  const auto root = split(mount_root);
  const auto own = split(own_path);
  if (!root || !own) return std::nullopt;
  // The root lies further up than the namespace tells names for: it is our ancestor, what is between is
  // unknown.
  if (root->levels_up > own->levels_up && root->names.empty()) return std::vector<std::string_view>{};
  if (root->levels_up != own->levels_up || root->names.size() > own->names.size()) return std::nullopt;
  if (!std::equal(root->names.begin(), root->names.end(), own->names.begin())) return std::nullopt;
  return std::vector(own->names.begin() + static_cast<std::ptrdiff_t>(root->names.size()), own->names.end());
}

// Line: id parent device root point options [tags...] - type source super-options
std::optional<Mount> parse_mount(std::string_view line) {
  const auto dash = line.find(" - ");
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view head = line.substr(0, dash);
  std::string_view tail = line.substr(dash + 3);
  for (int skipped = 0; skipped < 3; ++skipped) take(head, ' ');
  const std::string_view root = take(head, ' ');
  const std::string_view point = take(head, ' ');
  const std::string_view type = take(tail, ' ');
  take(tail, ' ');
  const bool v2 = type == "cgroup2";
  const bool v1 = type == "cgroup" && lists(tail, "cpu");
  if ((!v1 && !v2) || point.empty() || point.front() != '/') return std::nullopt;
  return Mount{v2 ? Hierarchy::v2 : Hierarchy::v1, unescape(root), unescape(point)};
}

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty() && mounts.size() < max_mounts) {
    if (auto mount = parse_mount(take(text, '\n'))) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

// Our place in that hierarchy. Lines: number:controllers:path
std::optional<std::string_view> own_cgroup(std::string_view text, Hierarchy hierarchy) {
  while (!text.empty()) {
    std::string_view line = take(text, '\n');
    const std::string_view number = take(line, ':');
    const std::string_view controllers = take(line, ':');
    const bool v2 = number == "0" && controllers.empty();
    if (hierarchy == Hierarchy::v2 ? v2 : !v2 && lists(controllers, "cpu")) return line;
  }
  return std::nullopt;
}

std::optional<double> ratio(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

struct Quota {
  double cores = 0;
  std::string file;
};

std::optional<Quota> quota_of_directory(const std::string& directory, Hierarchy hierarchy) {
  if (hierarchy == Hierarchy::v2) {
    const std::string file = directory + "/cpu.max";
    const auto text = read_kernel_file(file, max_value_bytes);
    if (!text) return std::nullopt;
    std::string_view rest = trim(*text);
    const auto quota = parse_kernel_number(take(rest, ' '));  // "max" is no number, and no limit
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
  const auto cgroups = read_kernel_file(paths.proc + "/self/cgroup", max_cgroup_bytes);
  const auto mountinfo = read_kernel_file(paths.proc + "/self/mountinfo", max_mountinfo_bytes);
  if (!cgroups || !mountinfo) return;
  // Every mount is looked at: version 1 and 2 may stand side by side, and of two mounts of one hierarchy
  // one may show further up than the other.
  for (const Mount& mount : parse_mounts(*mountinfo)) {
    const auto own = own_cgroup(*cgroups, mount.hierarchy);
    if (!own) continue;
    const auto names = names_below(mount.root, *own);
    if (!names) continue;
    std::string directory = mount.point == "/" ? std::string() : mount.point;
    auto name = names->begin();
    while (true) {
      if (auto quota = quota_of_directory(directory, mount.hierarchy);
          quota && (!limits.quota_cores || quota->cores < *limits.quota_cores)) {
        limits.quota_cores = quota->cores;
        limits.quota_file = std::move(quota->file);
      }
      if (name == names->end()) break;
      directory.append("/").append(*name++);
    }
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
