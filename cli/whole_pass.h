// SPDX-License-Identifier: BSD-3-Clause
//
// What a table says of a whole pass through a network: the sum over its layers for the counts of a policy.
// Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "model/advisor.h"
#include "model/layer.h"
#include "store/config.h"

namespace blastune {

// The whole pass with one count for every layer, as an environment variable would set it.
struct ConstantTime {
  int threads = 0;
  double seconds = 0;
  Basis basis = Basis::none;  // measured where every layer was, with this very count

  bool operator==(const ConstantTime&) const = default;
};

struct PassTimes {
  std::vector<Advice> layers;           // in the network's order
  double advised_seconds = 0;           // each layer with its own count
  double default_seconds = 0;           // 0: not known of every layer
  std::vector<ConstantTime> constants;  // ascending in threads
  ConstantTime best_constant;           // by the rule that holds for a gemm (best_threads)
};

// counts: the constants to compare, ascending; those above limit are left out.
[[nodiscard]] PassTimes pass_times(const Advisor& advisor, const std::vector<Gemm>& layers,
                                   const std::vector<int>& counts, int limit, double tolerance);

struct BestBatch {
  std::int64_t batch = 0;
  double seconds_per_sample = 0;
  Basis basis = Basis::none;  // measured where every layer was at this batch size
  bool is_largest = false;    // of those compared: larger ones may be better still
};

// Of the batch size that was asked for and those of the range that tunes measure (batch_ladder): the smallest
// one whose time per sample is within the tolerance of the best.
[[nodiscard]] BestBatch best_batch(const Advisor& advisor, const Network& network, DType dtype, Pass pass,
                                   Layout layout, std::int64_t asked, SizeRange range, int limit,
                                   double tolerance);

}  // namespace blastune
