// SPDX-License-Identifier: BSD-3-Clause
//
// What the kernel says of the machine's load at one moment: plain values, most of them counters since some
// start that is not known. Two of them make a LoadInterval. What the kernel does not tell is absent.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "load/power_supply.h"

namespace blastune {

struct ProcessorCounters {
  int processor = 0;         // the kernel's number
  double busy_seconds = 0;   // running programs or the kernel; waiting for a disk is idle
  double nice_seconds = 0;   // of these, for programs that asked to yield to others
  double steal_seconds = 0;  // wanted by somebody here, given to another guest by the hypervisor
  std::optional<std::int64_t> thermal_throttles;  // times this core or its package was slowed down

  bool operator==(const ProcessorCounters&) const = default;
};

struct LoadReading {
  double monotonic_seconds = 0;
  std::vector<ProcessorCounters>
      processors;                         // that are online, ascending; empty when the kernel would not say
  std::optional<std::int64_t> runnable;   // tasks running or waiting for a processor now, the reader included
  std::optional<double> waiting_seconds;  // in which some task waited for a processor (PSI)
  std::optional<std::int64_t> quota_throttles;  // times a cgroup that binds us ran out of its quota
  Power power = Power::unknown;

  bool operator==(const LoadReading&) const = default;
};

}  // namespace blastune
