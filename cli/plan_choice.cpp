// SPDX-License-Identifier: BSD-3-Clause
#include "cli/plan_choice.h"

#include <algorithm>
#include <set>

namespace blastune {
namespace {

// What one block of an asked gemm may take, in flops: a third of a second at 10 GFLOP/s for each count's two
// calls.
constexpr double block_flops = 6e9;

}  // namespace

Plan plan_of(const std::vector<Gemm>& gemms, std::size_t threads) {
  constexpr std::size_t most_counts = 32;
  const double most_flops = block_flops / static_cast<double>(2 * std::min(threads, most_counts));
  std::set<Gemm> affordable;
  for (Gemm gemm : gemms) {
    while (flops(gemm) > most_flops) {
      auto& largest = std::max({std::ref(gemm.m), std::ref(gemm.n), std::ref(gemm.k)}, [](auto a, auto b) {
                        return a.get() < b.get();
                      }).get();
      largest /= 2;
    }
    affordable.insert(canonical(gemm));
  }
  Plan plan;
  plan.grid.assign(affordable.begin(), affordable.end());
  return plan;
}

}  // namespace blastune
