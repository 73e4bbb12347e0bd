// SPDX-License-Identifier: BSD-3-Clause
//
// The verbs of the command line, one file each. Each function adds its verb to the program; when the user
// names it, its parse callback leaves what to do in `chosen`.
#pragma once

#include <functional>

#include "cli/session.h"

namespace CLI {
class App;
}

namespace blastune {

// Does the work, prints, and says how the program ends. Failures that need no status of their own come back
// as errors.
using Action = std::function<Result<ExitStatus>(const Session&)>;

void add_recommend_verb(CLI::App& program, Action& chosen);
void add_tune_verb(CLI::App& program, Action& chosen);
void add_show_verb(CLI::App& program, Action& chosen);
void add_sweep_verb(CLI::App& program, Action& chosen);
void add_topology_verb(CLI::App& program, Action& chosen);
void add_doctor_verb(CLI::App& program, Action& chosen);
void add_completion_verb(CLI::App& program, Action& chosen);

}  // namespace blastune
