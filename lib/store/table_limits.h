// SPDX-License-Identifier: BSD-3-Clause
//
// The bounds of a table's text, the same for writer and reader (and in config/table.schema.json).
#pragma once

#include <cstddef>
#include <cstdint>

namespace blastune::table_limits {

inline constexpr std::size_t tables = 64;
inline constexpr std::size_t curves = 200'000;  // of all tables together
inline constexpr std::size_t text_bytes = 4096;
inline constexpr std::int64_t threads = 4096;
inline constexpr std::int64_t processors = 65'536;
inline constexpr std::int64_t numa_nodes = 65'536;
inline constexpr std::int64_t cache_bytes = std::int64_t{1} << 40U;
inline constexpr std::int64_t version_part = 1'000'000;
inline constexpr std::int64_t unix_seconds = 253'402'300'799;  // the end of the year 9999
inline constexpr std::int64_t spent_milliseconds = 1'000'000'000'000;
inline constexpr std::int64_t tolerance_millionths = 1'000'000;
inline constexpr std::int64_t occasions = 1'000'000;
inline constexpr std::int64_t picoseconds = 3'600'000'000'000'000;  // one hour
inline constexpr std::int64_t bursts = 1'000'000'000;
// Time with most threads over time with one, over occasions: its geometric mean, and its spread in
// logarithms.
inline constexpr std::int64_t gain_millionths = 1'000'000'000'000;
inline constexpr std::int64_t spread_millionths = 100'000'000;
inline constexpr std::int64_t disturbed = 1'000'000'000'000;

}  // namespace blastune::table_limits
