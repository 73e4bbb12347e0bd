// SPDX-License-Identifier: BSD-3-Clause
//
// What `blastune topology` prints. Texts are made from plain values; only run_topology looks at the machine.
#pragma once

#include <iosfwd>
#include <string>

#include "base/cpu_limits.h"
#include "base/result.h"
#include "topology/topology.h"

namespace blastune {

// For people: a few aligned lines, equal things counted together.
[[nodiscard]] std::string topology_text(const Topology& topology, const CpuLimits& limits);

// For programs: one JSON object on one line. `schema` is raised when the meaning of a key changes or a key
// goes; new keys may come at any time. What is not known, or does not apply, is null.
[[nodiscard]] std::string topology_json(const Topology& topology, const CpuLimits& limits);

// Reads the topology (HWLOC_SYNTHETIC and HWLOC_XMLFILE name another machine's) and this process' limits, and
// writes one of the two. Call it while no other thread is busy.
Result<void> run_topology(bool json, std::ostream& out);

}  // namespace blastune
