// SPDX-License-Identifier: BSD-3-Clause
//
// The command line of blastuned.
#pragma once

#include <string>

#include "base/result.h"

namespace blastune {

struct DaemonOptions {
  std::string config_directory;  // empty: the usual one
  std::string table_path;
  std::string runtime_directory;
  bool check_config = false;
  bool verbose = false;
  bool help = false;
  bool version = false;
};

// What the environment offers when the command line does not say: the directories that systemd makes.
struct DaemonEnvironment {
  std::string cache_directory;    // $CACHE_DIRECTORY; the first of several
  std::string runtime_directory;  // $RUNTIME_DIRECTORY
};
[[nodiscard]] DaemonEnvironment read_daemon_environment();

// Failures are usage errors that name the word. Every word is checked, also behind --help.
Result<DaemonOptions> parse_daemon_options(int count, char* const* words,
                                           const DaemonEnvironment& environment);

[[nodiscard]] std::string daemon_help();

}  // namespace blastune
