// SPDX-License-Identifier: BSD-3-Clause
//
// Runs a program to its end and keeps what it said.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace blastune::testing {

struct Ended {
  int status = -1;  // exit status, or 128 + the signal that ended it
  std::string out;
  std::string messages;
};

struct Command {
  std::vector<std::string> words;                  // the program's path first
  std::map<std::string, std::string> environment;  // all of it
  std::string out_file;                            // standard output goes there instead
};

Ended run_program(const Command& command);

}  // namespace blastune::testing
