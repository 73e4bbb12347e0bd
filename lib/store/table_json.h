// SPDX-License-Identifier: BSD-3-Clause
//
// Tables to text and back. The text is JSON (config/table.schema.json); its first line is an envelope with
// format name, version, checksum and length of everything after that line, so that damage is found in one
// pass before anything is parsed. Times are whole picoseconds: below 0.001 % even for the shortest call, and
// writing what was read gives the same bytes. Pure, any thread, never throws.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/table.h"

namespace blastune {

inline constexpr int table_format_version = 3;
inline constexpr std::size_t max_table_bytes = 16U << 20U;

// Anything the reader would refuse is an error here: nothing is written that cannot be read. A gemm without
// a single counted burst is left out.
Result<std::string> write_tables(const Tables& tables);

// All or nothing: tables only from a text that is right in every part, otherwise invalid_data and what to do
// about it. `source` names the text in messages.
Result<Tables> read_tables(std::string_view text, std::string_view source);

}  // namespace blastune
