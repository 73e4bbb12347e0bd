// SPDX-License-Identifier: BSD-3-Clause
//
// A program run under the preload library, and what its processes told of themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/process_findings.h"

namespace blastune {

struct ObservedRun {
  std::int64_t process = 0;      // the program's; 0: it could not be run
  int cannot_run = 0;            // errno of that
  int status = 0;                // its exit status, or 128 + the signal that ended it
  int signal = 0;                // that signal
  bool was_interrupted = false;  // we were asked to end it
  // The last word of each program in each process, in the order in which they began.
  std::vector<ProcessFindings> processes;
  std::size_t damaged = 0;  // lines that could not be read
};

// path: what is run; command: its words. Its standard output goes to standard error. Waits until it has
// ended; a first Ctrl-C, or SIGTERM, gives it a moment to end by itself, and ends it then. Handles these
// signals meanwhile. is_elf: a file that the kernel does not know how to run is no script for a shell.
Result<ObservedRun> observe(const std::string& path, bool is_elf, const std::vector<std::string>& command,
                            const std::string& preload_library);

// Of the lines that processes have written. Pure.
void read_findings(std::string_view text, ObservedRun& run);

}  // namespace blastune
