// SPDX-License-Identifier: BSD-3-Clause
//
// What makes a table this machine's table. Cheap to read without hwloc, because the client library
// compares it in every process that uses a table. Limits that come and go with a process or an
// administrator (affinity, quota, processors taken offline) are not part of it: they bound advice, they do
// not make it another machine's.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace blastune {

struct MachineSignature {
  std::string cpu_model;  // "AMD EPYC"; implementer and part where the kernel names no model
  int processors = 0;     // hardware threads present, online or not
  int numa_nodes = 0;     // nodes the kernel shows
  std::int64_t last_level_cache_bytes = 0;  // of processor 0; 0 when unknown

  bool operator==(const MachineSignature&) const = default;
};

// Where the kernel's files are; a test points it at a tree of its own.
struct KernelPaths {
  std::string proc = "/proc";
  std::string sys = "/sys";
};

// Those of this machine, or of the tree below $BLASTUNE_KERNEL_ROOT, which tests set.
KernelPaths kernel_paths_of_environment();

Result<MachineSignature> read_machine_signature(const KernelPaths& paths = {});

// "AMD EPYC, 2 processors, 1 NUMA node, 32 MiB last-level cache".
[[nodiscard]] std::string describe(const MachineSignature& signature);

}  // namespace blastune
