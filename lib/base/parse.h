// SPDX-License-Identifier: BSD-3-Clause
//
// Text from users and files to numbers: the whole text or an error, never a prefix; bounds are part of the
// question; the locale plays no role. Failures are usage errors that name the text and what is allowed;
// `what` is how the user knows the value ("--threads", "batches").
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace blastune {

// Decimal digits with an optional minus sign.
Result<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high,
                                   std::string_view what);

// Finite decimal numbers, "0.02" or "1e-6"; never "inf", "nan" or hexadecimal.
Result<double> parse_number(std::string_view text, double low, double high, std::string_view what);

// A number and its unit, in seconds: "250us", "500ms", "30s", "2m", "1h"; a bare number is in seconds.
Result<double> parse_duration(std::string_view text, double low_seconds, double high_seconds,
                              std::string_view what);

// Integers and ascending ranges, separated by commas: "1-8,16" or "50,100,200". In the order given, repeated
// ones kept; from one to max_count of them. Numbers are not negative.
Result<std::vector<std::int64_t>> parse_integer_list(std::string_view text, std::int64_t low,
                                                     std::int64_t high, std::size_t max_count,
                                                     std::string_view what);

// Text from a file or another process as a terminal may get it: control characters and what is not ASCII
// replaced.
[[nodiscard]] std::string printable(std::string_view text);

// The text as an error message can show it on one line: in quotes, control characters and what is not ASCII
// replaced, cut when long.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace blastune
