// SPDX-License-Identifier: BSD-3-Clause
//
// gzip (RFC 1952) in memory, piece by piece, so that a small file cannot unpack into all memory.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace blastune {

[[nodiscard]] bool is_gzip(std::string_view bytes);

// Hands the unpacked bytes on in pieces; ends at the first error of `take`, or when more than max_bytes
// come out. Several members one after the other are one text. Damage is invalid_data.
Result<void> unpack_gzip(std::string_view bytes, std::size_t max_bytes,
                         const std::function<Result<void>(std::string_view)>& take);

Result<std::string> pack_gzip(std::string_view bytes);

}  // namespace blastune
