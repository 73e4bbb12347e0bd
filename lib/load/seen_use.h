// SPDX-License-Identifier: BSD-3-Clause
//
// From two readings of how the processors were used to what others used of them: the one place that knows
// how much work counts that yields to us. Pure, but for yields_to_others().
#pragma once

#include <optional>

#include "load/available_cores.h"
#include "load/processor_use.h"

namespace blastune {

struct UseReading {
  double seconds = 0;  // monotonic, when it was taken
  ProcessorUse use;
  double own_seconds = 0;  // processor time of the process that asks
};

// we_yield: the process that asks runs at a niceness above 0. Nothing where no time has passed, or where
// processors came or went.
[[nodiscard]] std::optional<SeenUse> seen_between(const UseReading& before, const UseReading& after,
                                                  bool we_yield);

// Whether this process asked to yield to others.
[[nodiscard]] bool yields_to_others();

}  // namespace blastune
