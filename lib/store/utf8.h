// SPDX-License-Identifier: BSD-3-Clause
//
// Whether text may stand in JSON: well-formed UTF-8 (RFC 3629). Pure.
#pragma once

#include <string_view>

namespace blastune {

[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace blastune
