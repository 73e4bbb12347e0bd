// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune run`: becomes the program, with libblastune-preload.so put before its libraries.
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/parse.h"
#include "cli/preload_location.h"
#include "cli/start_count.h"
#include "cli/stats_file.h"
#include "cli/verbs.h"

namespace blastune {
namespace {

struct Options {
  bool no_inherit = false;
  std::optional<std::string> stats;
  std::vector<std::string> command;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<ExitStatus> run(const Session& session, Options options) {
  if (options.command.empty()) {
    return Error{ErrorKind::usage, "no program is named", "as in `blastune run -- python3 train.py`"};
  }
  const auto library = find_preload();
  if (!library) return library.error();
  const char* present = std::getenv("LD_PRELOAD");
  const std::string word = preload_word(*library, loader_lib());
  ::setenv("LD_PRELOAD", add_preload(present == nullptr ? "" : present, word).c_str(), 1);
  if (options.stats) {
    const auto place = prepare_stats(*options.stats);
    if (!place) return place.error();
    ::setenv("BLASTUNE_STATS", place->c_str(), 1);
    // Which this one becomes.
    ::setenv("BLASTUNE_STATS_PROCESS", std::to_string(::getpid()).c_str(), 1);
  }
  if (const auto count = start_count(read_cpu_limits(), [](const char* name) { return std::getenv(name); })) {
    ::setenv("OPENBLAS_NUM_THREADS", std::to_string(*count).c_str(), 1);
    ::setenv(start_count_variable, std::to_string(*count).c_str(), 1);
  }
  if (options.no_inherit) ::setenv("BLASTUNE_NO_INHERIT", word.c_str(), 1);
  session.out.flush();
  const std::vector<char*> words = pointers_to(options.command);
  ::execvp(words[0], words.data());
  const int problem = errno;
  session.complain({ErrorKind::unavailable,
                    "cannot run " + in_quotes(options.command[0]) + ": " + std::strerror(problem), ""});
  return problem == ENOENT ? exit_program_not_found : exit_program_cannot_run;
}

}  // namespace

void add_run_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("run", "Run a program whose multiplies use the best thread counts");
  verb.flag("--no-inherit", options->no_inherit, "not the programs that it starts");
  verb.flag_with_value("--stats", options->stats, stats_to_messages,
                       "at the end of each process, what was done in it and what that saved; to FILE as JSON",
                       "FILE");
  verb.rest("command", options->command, "the program and its words, as after `--`");
  verb.does([options](const Session& session) { return run(session, *options); });
}

}  // namespace blastune
