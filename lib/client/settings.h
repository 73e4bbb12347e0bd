// SPDX-License-Identifier: BSD-3-Clause
//
// What the environment asks of the client. Read once a process; variables are ignored in set-user-ID
// programs.
#pragma once

#include <functional>
#include <string>

#include "client/load_sides.h"

namespace blastune {

enum class LogLevel { silent, changes, shapes };

struct Settings {
  bool disabled = false;
  int max_threads = 0;  // 0: no cap
  LogLevel log = LogLevel::silent;
  LoadSides load;
  // From the program's own calls. Where nothing is said, it does so if it feels the load: without that, a
  // call that waited for a processor could not be told from one that is slow.
  bool learns = true;
  std::string runtime_directory;  // of a service that shows the load
  std::string complaint;          // a variable that was not understood, and ignored; may be empty
};

// The value of a variable, or nullptr.
using Environment = std::function<const char*(const char* name)>;
Settings read_settings(const Environment& environment);

}  // namespace blastune
