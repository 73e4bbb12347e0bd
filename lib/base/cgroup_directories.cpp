// SPDX-License-Identifier: BSD-3-Clause
#include "base/cgroup_directories.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_cgroup_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_mountinfo_bytes = std::size_t{4} << 20U;  // hosts of many containers have long ones
constexpr std::size_t max_path_length = 4096;
constexpr std::size_t max_mounts = 64;

struct Mount {
  CgroupHierarchy hierarchy = CgroupHierarchy::v2;
  std::string root;   // which cgroup the mount point shows
  std::string point;  // where it shows it
};

bool lists(std::string_view comma_separated, std::string_view word) {
  while (!comma_separated.empty()) {
    if (take_until(comma_separated, ',') == word) return true;
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
    const std::string_view name = take_until(path, '/');
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
  for (int skipped = 0; skipped < 3; ++skipped) take_until(head, ' ');
  const std::string_view root = take_until(head, ' ');
  const std::string_view point = take_until(head, ' ');
  const std::string_view type = take_until(tail, ' ');
  take_until(tail, ' ');
  const bool v2 = type == "cgroup2";
  const bool v1 = type == "cgroup" && lists(tail, "cpu");
  if ((!v1 && !v2) || point.empty() || point.front() != '/') return std::nullopt;
  return Mount{v2 ? CgroupHierarchy::v2 : CgroupHierarchy::v1, unescape(root), unescape(point)};
}

std::vector<Mount> parse_mounts(std::string_view text) {
  std::vector<Mount> mounts;
  while (!text.empty() && mounts.size() < max_mounts) {
    if (auto mount = parse_mount(take_until(text, '\n'))) mounts.push_back(std::move(*mount));
  }
  return mounts;
}

// Our place in that hierarchy. Lines: number:controllers:path
std::optional<std::string_view> own_cgroup(std::string_view text, CgroupHierarchy hierarchy) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view number = take_until(line, ':');
    const std::string_view controllers = take_until(line, ':');
    const bool v2 = number == "0" && controllers.empty();
    if (hierarchy == CgroupHierarchy::v2 ? v2 : !v2 && lists(controllers, "cpu")) return line;
  }
  return std::nullopt;
}

}  // namespace

std::vector<CgroupDirectory> own_cgroup_directories(const KernelPaths& paths) {
  const auto cgroups = read_kernel_file(paths.proc + "/self/cgroup", max_cgroup_bytes);
  const auto mountinfo = read_kernel_file(paths.proc + "/self/mountinfo", max_mountinfo_bytes);
  if (!cgroups || !mountinfo) return {};
  std::vector<CgroupDirectory> directories;
  // Every mount is looked at: version 1 and 2 may stand side by side, and of two mounts of one hierarchy
  // one may show further up than the other.
  for (const Mount& mount : parse_mounts(*mountinfo)) {
    const auto own = own_cgroup(*cgroups, mount.hierarchy);
    if (!own) continue;
    const auto names = names_below(mount.root, *own);
    if (!names) continue;
    std::string directory = mount.point == "/" ? std::string() : mount.point;
    directories.push_back({mount.hierarchy, directory});
    for (const std::string_view name : *names) {
      directory.append("/").append(name);
      directories.push_back({mount.hierarchy, directory});
    }
  }
  return directories;
}

}  // namespace blastune
