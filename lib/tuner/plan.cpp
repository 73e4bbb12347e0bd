// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "model/thread_use.h"

namespace blastune {
namespace {

// What programs use: powers of two, and round numbers. A measured batch size is answered exactly, and the
// best count jumps between neighbours (on one machine two threads were best for 16 columns, one for 20), so
// these are worth more than a regular ladder.
constexpr std::array<std::int64_t, 20> common_batches = {1,  2,  3,  4,  6,  8,   10,  12,  16,  20,
                                                         24, 32, 40, 50, 64, 100, 128, 200, 256, 500};

// The batch size at which the library starts to use threads: the best count often jumps right there.
std::int64_t first_threaded_batch(const Series& series, const PlanOptions& options, const Build& build) {
  std::int64_t low = options.smallest_batch;
  std::int64_t high = options.largest_batch;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (runs_on_one_thread(build, series.at(middle))) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return high;
}

// The i-th element of the Halton sequence in that base (Halton 1960).
double radical_inverse(int index, int base) {
  double result = 0;
  double digit_value = 1.0 / base;
  for (; index > 0; index /= base, digit_value /= base) result += digit_value * (index % base);
  return result;
}

// Log-uniform shapes whose volume lies between where threads begin to matter and max_flops.
std::vector<Gemm> grid_shapes(DType dtype, std::string_view transposes, int count, const PlanOptions& options,
                              const Build& build) {
  std::vector<Gemm> shapes;
  const double log_smallest = std::log(static_cast<double>(options.smallest_size));
  const double log_range = std::log(static_cast<double>(options.largest_size)) - log_smallest;
  const auto size = [&](double share) { return std::llround(std::exp(log_smallest + log_range * share)); };
  // Most points of the cube are too small or too large; the bound ends the search when none fits.
  const int last = 100 * count + 1000;
  for (int i = 1; i < last && static_cast<int>(shapes.size()) < count; ++i) {
    Gemm gemm;
    gemm.dtype = dtype;
    if (!set_transposes(gemm, transposes)) return shapes;
    gemm.m = size(radical_inverse(i, 2));
    gemm.n = size(radical_inverse(i, 3));
    gemm.k = size(radical_inverse(i, 5));
    if (is_worth_measuring(gemm, options, build)) shapes.push_back(gemm);
  }
  return shapes;
}

}  // namespace

bool is_worth_measuring(const Gemm& gemm, const PlanOptions& options, const Build& build) {
  return check_dimensions(gemm).ok() && !runs_on_one_thread(build, gemm) &&
         flops(gemm) <= options.max_flops_per_thread * std::max(options.threads, 2) &&
         operand_bytes(gemm) <= options.max_operand_bytes;
}

Gemm Series::at(std::int64_t batch) const {
  return layer_gemm(layer, batch, dtype, pass, Layout::features_by_batch);
}

std::vector<Gemm> Plan::gemms() const {
  std::set<Gemm> all(grid.begin(), grid.end());
  for (const auto& one : series) {
    for (const auto batch : one.batches) all.insert(one.at(batch));
  }
  return {all.begin(), all.end()};
}

std::vector<std::int64_t> batch_ladder(std::int64_t smallest, std::int64_t largest) {
  std::vector<std::int64_t> batches{smallest};
  const auto add = [&](std::int64_t batch) {
    if (batch > smallest && batch < largest) batches.push_back(batch);
  };
  for (const auto batch : common_batches) add(batch);
  for (std::int64_t batch = 4 * common_batches.back(); batch < largest; batch *= 4) add(batch);
  if (largest > smallest) batches.push_back(largest);
  return batches;
}

Plan make_plan(const PlanOptions& options, const Build& build) {
  Plan plan;
  std::set<Layer> layers;
  for (const auto& network : options.networks) {
    for (const auto& layer : layers_of(network)) layers.insert(layer);
  }
  const auto ladder = batch_ladder(options.smallest_batch, options.largest_batch);
  for (const auto dtype : options.dtypes) {
    for (const auto& layer : layers) {
      for (const auto pass : options.passes) {
        Series series{layer, pass, dtype, {}};
        std::set<std::int64_t> batches(ladder.begin(), ladder.end());
        batches.insert(first_threaded_batch(series, options, build));
        for (const auto batch : batches) {
          if (is_worth_measuring(series.at(batch), options, build)) series.batches.push_back(batch);
        }
        if (!series.batches.empty()) plan.series.push_back(std::move(series));
      }
    }
  }
  std::set<Gemm> named;
  for (const auto& gemm : plan.gemms()) named.insert(gemm);
  for (const auto dtype : options.dtypes) {
    for (const auto* transposes : {"NN", "NT", "TN", "TT"}) {
      const bool plain = std::string_view(transposes) == "NN";
      for (const auto& gemm : grid_shapes(
               dtype, transposes, plain ? 2 * options.grid_shapes : options.grid_shapes, options, build)) {
        if (named.insert(gemm).second) plan.grid.push_back(gemm);
      }
    }
  }
  return plan;
}

}  // namespace blastune
