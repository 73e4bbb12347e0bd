// SPDX-License-Identifier: BSD-3-Clause
//
// The program `blastune`: from words to a verb, from a verb's outcome to an exit status.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "base/parse.h"
#include "cli/config_location.h"
#include "cli/session.h"
#include "cli/spelling.h"
#include "cli/verbs.h"

namespace blastune {
namespace {

struct Common {
  std::string color = "auto";
  std::string config_directory;
};

std::unique_ptr<CLI::App> make_program(Common& common, Action& chosen) {
  auto program = std::make_unique<CLI::App>(
      "Finds, keeps and applies the best OpenBLAS thread count for each multiply", "blastune");
  program->set_version_flag("--version", "blastune " BLASTUNE_VERSION);
  program->add_option("--color", common.color, "auto (default), always or never")->option_text("WHEN");
  program
      ->add_option("--config", common.config_directory,
                   "the directory of blastune.json (default /etc/blastune)")
      ->option_text("DIR");
  program->fallthrough();
  program->require_subcommand(0, 1);
  add_recommend_verb(*program, chosen);
  add_tune_verb(*program, chosen);
  add_show_verb(*program, chosen);
  add_sweep_verb(*program, chosen);
  add_topology_verb(*program, chosen);
  add_doctor_verb(*program, chosen);
  add_completion_verb(*program, chosen);
  return program;
}

std::vector<std::string> verb_names(CLI::App& program) {
  std::vector<std::string> names;
  for (const auto* verb : program.get_subcommands(nullptr)) names.push_back(verb->get_name());
  return names;
}

// The options that the words could have meant: the named verb's and the program's own.
std::vector<std::string> option_names(CLI::App& program) {
  std::vector<std::string> names;
  const auto add = [&](CLI::App& app) {
    for (const auto* option : app.get_options()) {
      for (const auto& name : option->get_lnames()) names.push_back("--" + name);
    }
  };
  add(program);
  for (auto* verb : program.get_subcommands()) add(*verb);
  return names;
}

Error usage_error(CLI::App& program, const CLI::ParseError& error) {
  const auto named = program.get_subcommands();
  const std::string help = named.empty()
                               ? "`blastune --help` lists the verbs"
                               : "`blastune " + named.front()->get_name() + " --help` lists the options";
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return {ErrorKind::usage, error.what(), help};
  const auto extras = program.remaining(true);
  const std::string word = extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  const bool is_option = word.starts_with("-");
  const auto meant = probably_meant(word, is_option ? option_names(program) : verb_names(program));
  const char* what = is_option ? "unknown option " : (named.empty() ? "unknown verb " : "unexpected word ");
  return {ErrorKind::usage, what + in_quotes(word),
          meant && (is_option || named.empty()) ? "did you mean '" + *meant + "'? " + help : help};
}

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

// Files that are opened later must not take the place of standard input, output or error.
void fill_standard_descriptors() {
  for (;;) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
    if (fd < 0 || fd > STDERR_FILENO) return;
  }
}

ExitStatus run(int argc, char** argv) {
  RealFileSystem files;
  SystemClock clock;
  Session session{std::cout, std::cerr, files, clock, ColorMode::automatic, {}};
  Common common;
  Action chosen;
  const auto program = make_program(common, chosen);
  try {
    program->parse(argc, argv);
  } catch (const CLI::Success& request) {
    // --help and --version: the text is the answer.
    program->exit(request, session.out, session.messages);
    return after_answer(session, exit_done);
  } catch (const CLI::ParseError& error) {
    session.complain(usage_error(*program, error));
    return exit_usage;
  }
  const auto color = parse_color(common.color);
  if (!color) {
    session.complain(color.error());
    return exit_usage;
  }
  session.color = *color;
  session.config_directory = common.config_directory.empty() ? config_directory_of(running_program(), files)
                                                             : common.config_directory;
  if (!chosen) {
    session.out << program->help();
    return after_answer(session, exit_done);
  }
  const auto status = chosen(session);
  if (status) return after_answer(session, *status);
  session.complain(status.error());
  return status_of(status.error());
}

}  // namespace
}  // namespace blastune

int main(int argc, char** argv) {
  blastune::fill_standard_descriptors();
  try {
    return blastune::run(argc, argv);
  } catch (const std::exception& error) {
    // Memory has run out, or a library threw what it does not document.
    std::cerr << "blastune: " << error.what() << '\n';
    return blastune::exit_failed;
  }
}
