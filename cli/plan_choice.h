// SPDX-License-Identifier: BSD-3-Clause
//
// From the configuration and a command's options to what shall be measured. Pure.
#pragma once

#include <vector>

#include "model/build.h"
#include "model/gemm.h"
#include "store/config.h"
#include "tuner/plan.h"

namespace blastune {

// threads: the largest candidate count. quick: forward passes only, a sparser general sample.
[[nodiscard]] PlanOptions plan_options(const Config& config, bool quick, int threads);

// The asked gemms themselves. Those that would take too long for an answer there and then have their
// (a block of up to `threads` counts) have their
// largest sizes halved until they do not: the best count of large multiplies hardly changes with their size.
[[nodiscard]] Plan plan_of(const std::vector<Gemm>& gemms, std::size_t threads);

}  // namespace blastune
