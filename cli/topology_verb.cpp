// SPDX-License-Identifier: BSD-3-Clause
#include <memory>

#include "cli/topology_report.h"
#include "cli/verbs.h"

namespace blastune {

void add_topology_verb(CommandLine& program) {
  auto json = std::make_shared<bool>(false);
  Verb verb = program.add_verb("topology", "Show cores, caches, NUMA nodes, limits and candidate counts");
  verb.flag("--json", *json, "show as one JSON object");
  verb.does([json](const Session& session) -> Result<ExitStatus> {
    if (auto shown = run_topology(*json, session.out); !shown) return shown.error();
    return exit_done;
  });
}

}  // namespace blastune
