// SPDX-License-Identifier: BSD-3-Clause
//
// Numbers and small words for people, the same in every locale. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blastune {

// Three significant digits and the fitting unit: "1.06 ms", "72.0 us", "18.4 s".
[[nodiscard]] std::string seconds_text(double seconds);
// "1 thread", "2 threads".
[[nodiscard]] std::string count_text(std::int64_t count, std::string_view noun);
// Which of ascending counts to print: all of them where they are few, else the powers of two, the best (0:
// there is none) and the largest.
[[nodiscard]] std::vector<int> counts_to_show(const std::vector<int>& counts, int best);
// Seconds since 1970 in the user's time zone: "2026-11-22 19:04".
[[nodiscard]] std::string date_text(std::int64_t unix_seconds);
// "3 minutes", "2 days".
[[nodiscard]] std::string age_text(std::int64_t seconds);

}  // namespace blastune
