// SPDX-License-Identifier: BSD-3-Clause
//
// What a gemm takes on a machine that nobody here has: a model for testing planner and advisor, not evidence
// of how any machine behaves. It has what recorded servers show: times that fall, flatten and rise again with
// the count, zig-zag and aliases from how OpenBLAS divides the work (model/work_division.h), a step where
// threads begin to share cores or to cross sockets, bandwidth that a few threads use up, small multiplies
// that no second thread helps, and other programs for whose cores everybody waits. Noise is the prober's
// (simulated_prober.h). Pure.
#pragma once

#include "model/build.h"
#include "model/gemm.h"

namespace blastune {

struct SimulatedMachine {
  int cores = 8;
  int threads_per_core = 2;
  int nodes = 1;                  // sockets, each with an equal share of cores, caches and memory
  double core_flops = 60e9;       // of f64 a second, all cores at work; f32 does twice as many
  double alone_boost = 1.25;      // times that with one core at work
  double shared_core_gain = 1.1;  // what a core's two threads do together, of what one does
  double core_bandwidth = 12e9;   // bytes a second between one core and memory
  double node_bandwidth = 100e9;  // of one node's memory
  double cache_bandwidth = 40e9;  // of one core from the node's last cache
  double node_cache_bytes = 32e6;
  double start_seconds = 1.5e-6;       // to hand out work to a second thread
  double thread_seconds = 0.1e-6;      // and to each further one
  double other_node_seconds = 1.5e-6;  // for every node more
  int busy_cores = 0;                  // that other programs keep busy
  double slice_seconds = 4e-3;         // after which the scheduler takes a core from one for another

  [[nodiscard]] int threads() const { return cores * threads_per_core; }
};

// One call's seconds with that count, 1 to machine.threads(), operands as the previous call left them.
[[nodiscard]] double simulated_seconds(const SimulatedMachine& machine, const Gemm& gemm, int threads);

// An OpenBLAS build for such a machine.
[[nodiscard]] Build simulated_build(const SimulatedMachine& machine);

}  // namespace blastune
