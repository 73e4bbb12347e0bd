// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/options.h"

#include <getopt.h>
#include <stdlib.h>

#include <array>
#include <string_view>

#include "base/parse.h"
#include "base/runtime_directory.h"
#include "store/table_location.h"

namespace blastune {
namespace {

constexpr const char* remedy = "`blastuned --help` lists the options";

std::string first_directory(const char* variable) {
  const char* value = ::secure_getenv(variable);
  if (value == nullptr) return {};
  const std::string_view text = value;
  return std::string(text.substr(0, text.find(':')));
}

}  // namespace

DaemonEnvironment read_daemon_environment() {
  return {first_directory("CACHE_DIRECTORY"), first_directory("RUNTIME_DIRECTORY")};
}

Result<DaemonOptions> parse_daemon_options(int count, char* const* words,
                                           const DaemonEnvironment& environment) {
  enum Word : int { config = 1, table, runtime_directory, check_config, verbose, help, version };
  constexpr std::array<option, 8> known{{{"config", required_argument, nullptr, config},
                                         {"table", required_argument, nullptr, table},
                                         {"runtime-directory", required_argument, nullptr, runtime_directory},
                                         {"check-config", no_argument, nullptr, check_config},
                                         {"verbose", no_argument, nullptr, verbose},
                                         {"help", no_argument, nullptr, help},
                                         {"version", no_argument, nullptr, version},
                                         {nullptr, 0, nullptr, 0}}};
  DaemonOptions options;
  options.table_path =
      environment.cache_directory.empty() ? system_table_path : environment.cache_directory + "/table.json";
  options.runtime_directory =
      environment.runtime_directory.empty() ? default_runtime_directory : environment.runtime_directory;
  ::optind = 0;  // whoever parsed before
  ::opterr = 0;
  for (;;) {
    const int at = ::optind == 0 ? 1 : ::optind;
    // "+": a word that is no option ends the options. ":": a missing value is told apart.
    const int word = ::getopt_long(count, words, "+:h", known.data(), nullptr);
    if (word == -1) break;
    switch (word) {
      case config:
        options.config_directory = ::optarg;
        break;
      case table:
        options.table_path = ::optarg;
        break;
      case runtime_directory:
        options.runtime_directory = ::optarg;
        break;
      case check_config:
        options.check_config = true;
        break;
      case verbose:
        options.verbose = true;
        break;
      case help:
      case 'h':
        options.help = true;
        break;
      case version:
        options.version = true;
        break;
      case ':':
        return Error{ErrorKind::usage, std::string(words[at]) + " needs a value", remedy};
      default:
        return Error{ErrorKind::usage, "the option " + in_quotes(words[at]) + " is not known", remedy};
    }
  }
  if (::optind < count)
    return Error{ErrorKind::usage, "the word " + in_quotes(words[::optind]) + " is one too many", remedy};
  if (options.table_path.empty()) return Error{ErrorKind::usage, "--table names no file", remedy};
  if (options.runtime_directory.empty())
    return Error{ErrorKind::usage, "--runtime-directory names no directory", remedy};
  return options;
}

std::string daemon_help() {
  return "usage: blastuned [OPTION]...\n"
         "Measures how many threads OpenBLAS should use for each multiply, whenever this machine is quiet, "
         "and\n"
         "keeps the table right. `blastune status` says what it does; blastuned(8) says more.\n"
         "\n"
         "  --config DIR             the directory of blastune.json (default etc/blastune of its\n"
         "                           own prefix where there is one, else /etc/blastune)\n"
         "  --check-config           say what is wrong with the configuration, and end\n"
         "  --table FILE             the table to keep (default $CACHE_DIRECTORY/table.json, else\n"
         "                           /var/cache/blastune/table.json)\n"
         "  --runtime-directory DIR  where the control socket is (default $RUNTIME_DIRECTORY, else\n"
         "                           /run/blastune)\n"
         "  --verbose                log more\n"
         "  -h, --help, --version    say this, or the version, and end\n"
         "\n"
         "SIGHUP reads the configuration again, SIGTERM ends it.\n"
         "Exit status: 0 ended as asked, or nothing to tune here; 1 failed; 64 wrong option; 73 a directory "
         "that\n"
         "cannot be written; 78 wrong configuration.\n";
}

}  // namespace blastune
