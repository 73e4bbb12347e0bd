// SPDX-License-Identifier: BSD-3-Clause
//
// The program `blastune`: from words to a verb, from a verb's outcome to an exit status.

#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

#include "base/parse.h"
#include "base/standard_descriptors.h"
#include "cli/session.h"
#include "cli/verbs.h"
#include "store/config_location.h"
#include "tuner/child_process.h"

namespace blastune {
namespace {

Result<ColorMode> parse_color(const std::string& text) {
  if (text == "auto") return ColorMode::automatic;
  if (text == "always") return ColorMode::always;
  if (text == "never") return ColorMode::never;
  return Error{ErrorKind::usage, "unknown --color '" + text.substr(0, 40) + "'", "use auto, always or never"};
}

// An answer that nobody can read is no answer.
ExitStatus after_answer(const Session& session, ExitStatus status) {
  session.out.flush();
  if (session.out) return status;
  session.complain({ErrorKind::unavailable, "the answer could not be written to standard output",
                    "is the disk full, or the pipe's reader gone?"});
  return exit_failed;
}

ExitStatus run(int argc, char** argv) {
  RealFileSystem files;
  SystemClock clock;
  Session session{
      std::cout, std::cerr, files, clock, ColorMode::automatic, {}, kernel_paths_of_environment()};
  std::string color_word = "auto";
  std::string config_directory;
  CommandLine program("blastune", "Finds, keeps and applies the best OpenBLAS thread count for each multiply",
                      BLASTUNE_VERSION);
  program.option("--color", color_word, "auto (default), always or never", "WHEN");
  program.option(
      "--config", config_directory,
      "the directory of blastune.json (default etc/blastune of its own prefix, else /etc/blastune)", "DIR");
  add_recommend_verb(program);
  add_tune_verb(program);
  add_import_verb(program);
  add_verify_verb(program);
  add_show_verb(program);
  add_sweep_verb(program);
  add_topology_verb(program);
  add_doctor_verb(program);
  add_status_verb(program);
  add_run_verb(program);
  add_completion_verb(program);
  const auto request = program.parse(argc, argv);
  if (!request) {
    session.complain(request.error());
    return exit_usage;
  }
  session.config_directory =
      config_directory.empty() ? config_directory_of(running_program(), files) : config_directory;
  if (!request->action) {
    session.out << request->text;
    return after_answer(session, exit_done);
  }
  const auto color = parse_color(color_word);
  if (!color) {
    session.complain(color.error());
    return exit_usage;
  }
  session.color = *color;
  std::error_code no_matter_why;
  if (!config_directory.empty() && !std::filesystem::is_directory(config_directory, no_matter_why)) {
    session.complain({ErrorKind::usage, "--config " + in_quotes(config_directory) + " is not a directory",
                      "name the directory that blastune.json is in"});
    return exit_usage;
  }
  const auto status = request->action(session);
  if (status) return after_answer(session, *status);
  session.complain(status.error());
  return status_of(status.error());
}

}  // namespace
}  // namespace blastune

int main(int argc, char** argv) {
  blastune::fill_standard_descriptors();
  blastune::keep_ended_children();
  try {
    return blastune::run(argc, argv);
  } catch (const std::exception& error) {
    // Memory has run out, or a library threw what it does not document.
    std::cerr << "blastune: " << error.what() << '\n';
    return blastune::exit_failed;
  }
}
