// SPDX-License-Identifier: BSD-3-Clause
//
// The load as /proc, /sys and the cgroup mounts show it. One thread at a time. Nothing here fails loudly:
// what cannot be read or understood is absent from the reading.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/machine_signature.h"
#include "load/load_source.h"

namespace blastune {

class KernelLoadSource final : public LoadSource {
 public:
  // Looks for its cgroups now and once: a service stays in the one it was started in. The clock outlives it.
  explicit KernelLoadSource(Clock& clock, KernelPaths paths = {});

  LoadReading read() override;

 private:
  Clock& clock_;
  KernelPaths paths_;
  std::vector<std::string> quota_files_;
};

}  // namespace blastune
