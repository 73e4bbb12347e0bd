// SPDX-License-Identifier: BSD-3-Clause
//
// From the gemms that a command asks for to what shall be measured. Pure.
#pragma once

#include <vector>

#include "model/gemm.h"
#include "tuner/plan.h"

namespace blastune {

// The asked gemms themselves. Those that would take too long for an answer there and then (a block of up to
// `threads` counts) have their largest sizes halved until they do not: the best count of large multiplies
// hardly changes with their size.
[[nodiscard]] Plan plan_of(const std::vector<Gemm>& gemms, std::size_t threads);

}  // namespace blastune
