// SPDX-License-Identifier: BSD-3-Clause
#include <CLI/CLI.hpp>
#include <memory>

#include "cli/topology_report.h"
#include "cli/verbs.h"

namespace blastune {

void add_topology_verb(CLI::App& program, Action& chosen) {
  auto json = std::make_shared<bool>(false);
  CLI::App* verb =
      program.add_subcommand("topology", "Show cores, caches, NUMA nodes, limits and candidate counts");
  verb->add_flag("--json", *json, "show as one JSON object");
  verb->callback([json, &chosen] {
    chosen = [json](const Session& session) -> Result<ExitStatus> {
      if (auto shown = run_topology(*json, session.out); !shown) return shown.error();
      return exit_done;
    };
  });
}

}  // namespace blastune
