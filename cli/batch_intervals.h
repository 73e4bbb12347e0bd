// SPDX-License-Identifier: BSD-3-Clause
//
// For which batch sizes a layer should use which count: what `show` prints. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "model/advisor.h"
#include "model/layer.h"

namespace blastune {

struct BatchInterval {
  std::int64_t from = 1;  // inclusive, both
  std::int64_t to = 1;
  int threads = 1;
  // The largest saving within it, seconds with the default over seconds with this count; at that batch size.
  // 0 where the default was not measured.
  double best_gain = 1;
};

// Neighbouring intervals differ in count; a critical batch size is where one begins that is not the first.
// Batch sizes are looked at a few percent apart, the ends of intervals are exact unless the count changes
// to and fro within such a step. Empty when the advisor has no opinion.
[[nodiscard]] std::vector<BatchInterval> batch_intervals(
    const std::function<Advice(std::int64_t batch)>& advise, std::int64_t smallest, std::int64_t largest);

}  // namespace blastune
