// SPDX-License-Identifier: BSD-3-Clause
#include "cli/configuration.h"

namespace blastune {

Result<Config> read_config(const Session& session) {
  auto loaded = load_config(session.files, session.config_directory);
  if (!loaded) return loaded.error();
  for (const auto& warning : loaded->warnings) session.note(warning);
  return loaded->config;
}

}  // namespace blastune
