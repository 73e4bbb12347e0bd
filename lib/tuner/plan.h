// SPDX-License-Identifier: BSD-3-Clause
//
// Which gemms a tune looks at: the passes of the networks' layers at a ladder of batch sizes, and a
// space-filling sample of all shapes so that any other gemm has measured neighbours. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/build.h"
#include "model/gemm.h"
#include "model/layer.h"

namespace blastune {

struct PlanOptions {
  std::vector<Network> networks;
  std::vector<DType> dtypes{DType::f32, DType::f64};
  std::vector<Pass> passes{Pass::forward, Pass::backward_data, Pass::backward_weights};
  std::int64_t smallest_batch = 1;
  std::int64_t largest_batch = 4096;
  // The general sample: how many shapes for each dtype and pair of transposes (NN gets twice as many).
  int grid_shapes = 24;
  std::int64_t smallest_size = 1;  // of m, n and k in it
  std::int64_t largest_size = 4096;
  double max_operand_bytes = 256.0 * 1024 * 1024;
  // Gemms above this many flops for each processor are left to extrapolation: with them the best count no
  // longer changes, and one of them costs as much as hundreds of those where it does.
  double max_flops_per_thread = 1.5e8;
  int threads = 1;  // the largest candidate count
};

// One layer's pass over batch sizes; the planner refines between batches where the best count changes.
struct Series {
  Layer layer;
  Pass pass = Pass::forward;
  DType dtype = DType::f64;
  std::vector<std::int64_t> batches;  // ascending

  [[nodiscard]] Gemm at(std::int64_t batch) const;
  bool operator==(const Series&) const = default;
};

struct Plan {
  std::vector<Series> series;
  std::vector<Gemm> grid;  // no duplicates, none that a series holds

  // Every gemm named, each once, ascending.
  [[nodiscard]] std::vector<Gemm> gemms() const;
};

// False for gemms on which the count makes no difference for this build (thread_use.h), and for those above
// the options' bounds.
[[nodiscard]] bool is_worth_measuring(const Gemm& gemm, const PlanOptions& options, const Build& build);

// Only gemms that are worth measuring.
[[nodiscard]] Plan make_plan(const PlanOptions& options, const Build& build);

// The smallest, the batch sizes that programs use up to 500, 2000, 8000, ... and the largest: dense where
// multiplies are cheap and the best count jumps, coarse on purpose elsewhere, since refinement fills in.
[[nodiscard]] std::vector<std::int64_t> batch_ladder(std::int64_t smallest, std::int64_t largest);

}  // namespace blastune
