// SPDX-License-Identifier: BSD-3-Clause
//
// The topology of this machine, or of the one that HWLOC_SYNTHETIC or HWLOC_XMLFILE describes, by hwloc.
#pragma once

#include "topology/topology.h"

namespace blastune {

class HwlocTopologySource final : public TopologySource {
 public:
  // Looks at the environment, may set HWLOC_HIDE_ERRORS in it (hwloc would write to stderr otherwise), moves
  // the calling thread between processors for a moment, and forks to try a recorded topology: call it while
  // no other thread is busy. A description that cannot be used is an error; it never falls back to this
  // machine.
  Result<Topology> read() override;
};

}  // namespace blastune
