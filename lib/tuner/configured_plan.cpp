// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/configured_plan.h"

#include <vector>

namespace blastune {
namespace {

constexpr int general_shapes = 28;
constexpr int quick_shapes = 12;

}  // namespace

PlanOptions plan_options(const Config& config, bool quick, int threads) {
  PlanOptions options;
  options.threads = threads;
  options.networks = config.networks;
  options.dtypes = config.dtypes;
  options.passes = config.passes;
  if (quick) std::erase_if(options.passes, [](Pass pass) { return pass != Pass::forward; });
  options.smallest_batch = config.batches.from;
  options.largest_batch = config.batches.to;
  options.grid_shapes = config.general_grid.enabled ? (quick ? quick_shapes : general_shapes) : 0;
  options.smallest_size = config.general_grid.sizes.from;
  options.largest_size = config.general_grid.sizes.to;
  options.max_operand_bytes = static_cast<double>(config.max_operand_bytes);
  return options;
}

}  // namespace blastune
