// SPDX-License-Identifier: BSD-3-Clause
//
// Gemms to judge a table by: drawn by a seed, not from what the table holds. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/table.h"
#include "tuner/plan.h"

namespace blastune {

// Half of them are passes of layers like those of the options' networks: every second one of a layer that is
// wider or narrower by up to a third, at batch sizes of the options' range. The other half are
// log-uniform between the options' sizes, each operand transposed in one of three. None is in the table, none
// runs on one thread whatever the count, none is larger than what tune measures. Fewer than asked for where
// the options leave no room.
[[nodiscard]] std::vector<Gemm> fresh_gemms(const Table& table, DType dtype, const PlanOptions& options,
                                            std::size_t count, std::uint64_t seed);

}  // namespace blastune
