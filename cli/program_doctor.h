// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune doctor -- PROGRAM`: looks at the program's file, runs it, and says what came of it.
#pragma once

#include <string>
#include <vector>

#include "cli/session.h"

namespace blastune {

// command: never empty. The exit status: done where nothing is a problem, failed else, and as `blastune run`
// ends where the program cannot be run.
Result<ExitStatus> doctor_program(const std::vector<std::string>& command, bool json, const Session& session);

}  // namespace blastune
