// SPDX-License-Identifier: BSD-3-Clause
//
// The words and the JSON of `status`. Pure: from what the daemon says, or from tables, to text. Texts of the
// daemon are made printable.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/machine_signature.h"
#include "cli/session.h"
#include "control/daemon_status.h"
#include "model/table.h"

namespace blastune {

// One of the tables found without the daemon's help.
struct FoundTable {
  std::string path;
  bool of_this_machine = true;
  Table table;  // its curves are not looked at one by one
};

// What it does, what it spent, then two lines a build and what is wrong.
[[nodiscard]] std::string status_text(const DaemonStatus& status, const Palette& palette);
// One line for a log: what it does or waits for. Two statuses that differ in nothing but figures have the
// same change_key.
[[nodiscard]] std::string change_text(const DaemonStatus& status);
[[nodiscard]] std::string change_key(const DaemonStatus& status);
// Two lines a table.
[[nodiscard]] std::string tables_text(const std::vector<FoundTable>& tables, std::int64_t now_unix,
                                      const Palette& palette);

// One line each, newline at the end: {"schema", "daemon", "tables"}, one of the two being null. `daemon` has
// the keys of the control socket.
[[nodiscard]] std::string status_json(const DaemonStatus& status);
[[nodiscard]] std::string tables_json(const std::vector<FoundTable>& tables);

}  // namespace blastune
