// SPDX-License-Identifier: BSD-3-Clause
#include <memory>
#include <string>
#include <vector>

#include "cli/doctor_report.h"
#include "cli/interruption.h"
#include "cli/program_doctor.h"
#include "cli/verbs.h"

namespace blastune {

void add_doctor_verb(CommandLine& program) {
  auto options = std::make_shared<DoctorOptions>();
  auto command = std::make_shared<std::vector<std::string>>();
  Verb verb =
      program.add_verb("doctor", "Say which OpenBLAS builds are here, what limits apply, what to mend");
  verb.option("--blas", options->blas_file, "look at this OpenBLAS file too", "FILE");
  verb.flag("--json", options->json, "say it as one JSON object");
  verb.rest("command", *command,
            "a program and its words, as after `--`: run it, and say which BLAS it uses");
  verb.does([options, command](const Session& session) -> Result<ExitStatus> {
    if (!command->empty()) {
      if (options->blas_file.empty()) return doctor_program(*command, options->json, session);
      return Error{ErrorKind::usage, "--blas is of no use with a program", "leave it out"};
    }
    const Interruption interruption;
    DoctorOptions asked = *options;
    asked.config_directory = session.config_directory;
    asked.interrupted = [] { return Interruption::requested(); };
    const auto healthy = run_doctor(asked, session.out);
    if (!healthy) return healthy.error();
    return *healthy ? exit_done : exit_failed;
  });
}

}  // namespace blastune
