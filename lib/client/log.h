// SPDX-License-Identifier: BSD-3-Clause
//
// Diagnostics on stderr, for users who asked with BLASTUNE_LOG; the library is silent otherwise.
#pragma once

#include <string_view>

namespace blastune {

// One line, in one write, so that lines of several threads do not mix. Failures are ignored.
void log_line(std::string_view text);

}  // namespace blastune
