// SPDX-License-Identifier: BSD-3-Clause
//
// Where `blastune run --stats` has its processes tell what was done in them.
#pragma once

#include <string>

#include "base/result.h"

namespace blastune {

// What the option stands for without a file: standard error.
inline constexpr const char* stats_to_messages = "-";

// What to hand to the program: that, or the absolute path of a file that can be written to, made if it is not
// there. unavailable: it cannot be written, and why.
Result<std::string> prepare_stats(const std::string& file);

}  // namespace blastune
