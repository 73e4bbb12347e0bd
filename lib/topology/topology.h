// SPDX-License-Identifier: BSD-3-Clause
//
// What a machine is made of, as plain data: whoever uses it needs no hwloc, and a test writes one by hand.
// Values only; copies are independent.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace blastune {

// The kernel's numbers of hardware threads, ascending, no duplicates.
using ProcessorNumbers = std::vector<int>;

struct Package {
  ProcessorNumbers processors;
  std::string model;  // may be empty
};

struct NumaNode {
  int number = 0;                  // the kernel's
  std::uint64_t memory_bytes = 0;  // 0: none of its own, or not known
  bool allowed = true;             // memory of it may be allocated here
  ProcessorNumbers processors;     // empty for a node that is memory only
};

struct Cache {
  int level = 0;
  std::uint64_t bytes = 0;      // 0 when unknown
  ProcessorNumbers processors;  // that share it
};

struct Core {
  ProcessorNumbers processors;  // its hardware threads
  int package = -1;             // indices into the lists of Topology; -1 where there is none
  int node = -1;                // the first node that holds the core
  int cache = -1;               // its outermost cache, the L3 where there is one
  int kind = 0;
};

// Cores alike in speed. Machines that do not tell have one kind.
struct CoreKind {
  int efficiency = -1;  // rank: a higher one is faster and hungrier; -1 when unknown
  std::string name;     // "IntelCore", "IntelAtom"; may be empty
  int max_mhz = 0;      // 0 when unknown
  ProcessorNumbers processors;
};

struct Topology {
  // False when it describes another machine (HWLOC_XMLFILE, HWLOC_SYNTHETIC): limits of this process do not
  // apply to it.
  bool this_system = true;
  std::string origin;  // where it is from: "this machine", "HWLOC_XMLFILE=server.xml"

  std::vector<Package> packages;
  std::vector<NumaNode> nodes;
  std::vector<Cache> caches;    // data and unified ones, outermost level first
  std::vector<Core> cores;      // in the machine's order: neighbours share the most
  std::vector<CoreKind> kinds;  // at least one
  ProcessorNumbers online;      // every processor that works, allowed or not
  ProcessorNumbers offline;     // there, but switched off
  ProcessorNumbers allowed;     // the part of `online` that the administrator lets this process have
};

// The edge to the machine.
class TopologySource {
 public:
  virtual ~TopologySource() = default;
  virtual Result<Topology> read() = 0;
};

}  // namespace blastune
