// SPDX-License-Identifier: BSD-3-Clause
//
// What was done in a process, told: one line of JSON, or a table for people. Pure; nothing allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "preload/stats_summary.h"
#include "preload/text_buffer.h"

namespace blastune {

struct ToldProcess {
  std::int64_t id = 0;
  std::int64_t parent = 0;
  std::string_view program;  // its file
};

// Enough for either, of so many rows.
[[nodiscard]] constexpr std::size_t room_for_report(std::size_t rows) {
  constexpr std::size_t of_a_row = 1024;
  constexpr std::size_t of_the_rest = 65536;
  return rows * of_a_row + of_the_rest;
}

// blastune(1) describes the keys; those of a schema stay.
inline constexpr std::uint64_t stats_schema = 1;
void write_json(TextBuffer& out, const CallAccount& account, const ToldProcess& process);

// The cases that took longest, as many as this.
inline constexpr std::size_t most_lines = 12;
void write_table(TextBuffer& out, const CallAccount& account, const ToldProcess& process);

}  // namespace blastune
