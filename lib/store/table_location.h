// SPDX-License-Identifier: BSD-3-Clause
//
// Where tables are looked for and kept: $BLASTUNE_TABLE alone if set; else the user's own cache
// ($XDG_CACHE_HOME/blastune/table.json, ~/.cache by default), then what the system offers in
// /var/cache/blastune/table.json.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace blastune {

inline constexpr const char* system_table_path = "/var/cache/blastune/table.json";

// What the environment says; an empty variable counts as not set.
struct TableEnvironment {
  std::optional<std::string> blastune_table;
  std::optional<std::string> xdg_cache_home;
  std::optional<std::string> home;
};

// Nothing of it in a program that runs with raised privileges: the environment is its caller's.
TableEnvironment read_table_environment();

struct TableLocation {
  // To be read in this order; the first file with a table for the machine and build counts.
  std::vector<std::string> candidates;
  // Where this user's tune writes. The system's place only where there is neither a home nor a variable.
  std::string own;
};

// Pure. Relative cache directories are ignored, as the XDG base directory specification asks.
[[nodiscard]] TableLocation table_location(const TableEnvironment& environment);

}  // namespace blastune
