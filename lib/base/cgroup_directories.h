// SPDX-License-Identifier: BSD-3-Clause
//
// Where the kernel shows the cgroups that bind this process: its own and every ancestor that can be seen,
// of the hierarchies that have to do with processors (version 2, and version 1's "cpu").
// Any thread may call this; what cannot be read or understood is left out.
#pragma once

#include <string>
#include <vector>

#include "base/machine_signature.h"

namespace blastune {

enum class CgroupHierarchy { v1, v2 };

struct CgroupDirectory {
  CgroupHierarchy hierarchy = CgroupHierarchy::v2;
  std::string path;
};

// Ancestors before descendants. A cgroup that several mounts show is there several times.
[[nodiscard]] std::vector<CgroupDirectory> own_cgroup_directories(const KernelPaths& paths = {});

}  // namespace blastune
