// SPDX-License-Identifier: BSD-3-Clause
//
// From the configuration to what shall be measured. Pure.
#pragma once

#include "store/config.h"
#include "tuner/plan.h"

namespace blastune {

// threads: the largest candidate count. quick: forward passes only, a sparser general sample.
[[nodiscard]] PlanOptions plan_options(const Config& config, bool quick, int threads);

}  // namespace blastune
