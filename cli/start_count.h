// SPDX-License-Identifier: BSD-3-Clause
//
// With how many threads a program's OpenBLAS should start. OpenBLAS starts one for each processor that it
// sees and lets them spin for some hundredths of a second, and it does not see quotas: in a control group
// with the time of one processor on a machine with many, its mere start uses up the quota for seconds.
#pragma once

#include <functional>
#include <optional>

#include "base/cpu_limits.h"

namespace blastune {

// What tells the client that the count in OPENBLAS_NUM_THREADS is nobody's wish.
inline constexpr const char* start_count_variable = "BLASTUNE_START_COUNT";

// As many as the quota allows, where it allows fewer than OpenBLAS would start. Nothing where it would start
// no more than that anyway, or where the user has said how many it should be. variable: the value of a
// variable of the environment, or nullptr.
[[nodiscard]] std::optional<int> start_count(const CpuLimits& limits,
                                             const std::function<const char*(const char*)>& variable);

}  // namespace blastune
