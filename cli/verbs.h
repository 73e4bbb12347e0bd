// SPDX-License-Identifier: BSD-3-Clause
//
// The verbs of the command line, one file each. Each function adds its verb, options and action to the
// program.
#pragma once

#include "cli/command_line.h"

namespace blastune {

void add_recommend_verb(CommandLine& program);
void add_tune_verb(CommandLine& program);
void add_import_verb(CommandLine& program);
void add_verify_verb(CommandLine& program);
void add_show_verb(CommandLine& program);
void add_sweep_verb(CommandLine& program);
void add_topology_verb(CommandLine& program);
void add_doctor_verb(CommandLine& program);
void add_status_verb(CommandLine& program);
void add_run_verb(CommandLine& program);
void add_completion_verb(CommandLine& program);

}  // namespace blastune
