// SPDX-License-Identifier: BSD-3-Clause
//
// The first line of a table's text, and the check that what follows it is whole.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace blastune {

// The line, newline included, for that payload (everything after the line).
[[nodiscard]] std::string table_envelope(std::string_view payload);

// Success only for a text that begins with exactly the line its payload calls for.
Result<void> check_table_envelope(std::string_view text, std::string_view source);

}  // namespace blastune
