// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/doctor_report.h"
#include "cli/interruption.h"
#include "cli/verbs.h"

namespace blastune {

void add_doctor_verb(CLI::App& program, Action& chosen) {
  auto options = std::make_shared<DoctorOptions>();
  CLI::App* verb =
      program.add_subcommand("doctor", "Say which OpenBLAS builds are here, what limits apply, what to mend");
  verb->add_option("--blas", options->blas_file, "look at this OpenBLAS file too")->option_text("FILE");
  verb->add_flag("--json", options->json, "say it as one JSON object");
  verb->callback([options, &chosen] {
    chosen = [options](const Session& session) -> Result<ExitStatus> {
      const Interruption interruption;
      DoctorOptions asked = *options;
      asked.interrupted = [] { return Interruption::requested(); };
      if (auto told = run_doctor(asked, session.out); !told) return told.error();
      return exit_done;
    };
  });
}

}  // namespace blastune
