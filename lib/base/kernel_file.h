// SPDX-License-Identifier: BSD-3-Clause
//
// Reading what the kernel says about the machine: small text files, distrusted and bounded, because a
// container may show anything in their place.
// Any thread may call this; nothing here fails loudly: what cannot be read or understood is absent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace blastune {

// One above the largest processor number that is believed; Linux itself stops at 8192.
inline constexpr int max_processor_number = 1 << 20;

// The first `limit` bytes of a file; nothing when it cannot be read. Never blocks on a FIFO.
[[nodiscard]] std::optional<std::string> read_kernel_file(const std::string& path, std::size_t limit);

// The whole text, less surrounding white space, as one decimal number.
[[nodiscard]] std::optional<std::int64_t> parse_kernel_number(std::string_view text);

// "0-3,8" becomes {0, 1, 2, 3, 8}: ascending, no duplicates. Nothing when any part is not understood.
[[nodiscard]] std::optional<std::vector<int>> parse_processor_list(std::string_view text);
// The other way round; `processors` ascending. "" for none.
[[nodiscard]] std::string format_processor_list(std::span<const int> processors);

[[nodiscard]] std::string_view trim(std::string_view text);

// Cuts what is before the first separator off `rest`, and the separator; all of it where there is none.
std::string_view take_until(std::string_view& rest, char separator);

}  // namespace blastune
