// SPDX-License-Identifier: BSD-3-Clause
//
// What the program's exit status says; part of the user's contract.
#pragma once

#include "base/result.h"

namespace blastune {

enum ExitStatus : int {
  exit_done = 0,
  exit_failed = 1,
  exit_usage = 2,
  exit_no_table = 3,
  exit_foreign_table = 4,
  exit_daemon_unreachable = 5,
  exit_program_cannot_run = 126,  // as a shell says it
  exit_program_not_found = 127,
  exit_interrupted = 130,
};

// The status of a failure that says nothing of tables: usage errors and interruptions have their own.
[[nodiscard]] ExitStatus status_of(const Error& error);
// The same where a table was looked for: nothing found is "no table", another machine's is "foreign".
[[nodiscard]] ExitStatus table_status_of(const Error& error);
// The same where the daemon was asked: nobody there, no answer in time, or no way to it.
[[nodiscard]] ExitStatus daemon_status_of(const Error& error);

}  // namespace blastune
