// SPDX-License-Identifier: BSD-3-Clause
//
// How long a burst should be, and is expected to be. Pure.
#pragma once

#include "model/burst.h"

namespace blastune {

// A burst of a gemm whose calls take that long: one warm call, and some that count.
[[nodiscard]] BurstRequest fitting_burst(const Gemm& gemm, int threads, double call_seconds);

// What it costs by that, with asking for it.
[[nodiscard]] double expected_seconds(const BurstRequest& request, double call_seconds);

}  // namespace blastune
