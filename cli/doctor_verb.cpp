// SPDX-License-Identifier: BSD-3-Clause
#include <memory>

#include "cli/doctor_report.h"
#include "cli/interruption.h"
#include "cli/verbs.h"

namespace blastune {

void add_doctor_verb(CommandLine& program) {
  auto options = std::make_shared<DoctorOptions>();
  Verb verb =
      program.add_verb("doctor", "Say which OpenBLAS builds are here, what limits apply, what to mend");
  verb.option("--blas", options->blas_file, "look at this OpenBLAS file too", "FILE");
  verb.flag("--json", options->json, "say it as one JSON object");
  verb.does([options](const Session& session) -> Result<ExitStatus> {
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
