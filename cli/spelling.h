// SPDX-License-Identifier: BSD-3-Clause
//
// The word that was probably meant. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blastune {

// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (Damerau
// 1964, each place edited once).
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

// The closest of the words, if it is close enough to be a slip.
[[nodiscard]] std::optional<std::string> probably_meant(std::string_view word,
                                                        const std::vector<std::string>& words);

}  // namespace blastune
