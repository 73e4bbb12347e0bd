// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "base/parse.h"
#include "cli/spelling.h"

namespace blastune {
namespace {

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
  const std::string help = named.empty() ? "`" + program.get_name() + " --help` lists the verbs"
                                         : "`" + program.get_name() + " " + named.front()->get_name() +
                                               " --help` lists the options";
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string text = error.what();
    return {ErrorKind::usage, text.substr(0, text.find(':')) + " needs a value", help};
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return {ErrorKind::usage, error.what(), help};
  const auto extras = program.remaining(true);
  const std::string word = extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  const bool is_option = word.starts_with("-");
  const auto meant = probably_meant(word, is_option ? option_names(program) : verb_names(program));
  const char* what = is_option ? "unknown option " : (named.empty() ? "unknown verb " : "unexpected word ");
  return {ErrorKind::usage, what + in_quotes(word),
          meant && (is_option || named.empty()) ? "did you mean '" + *meant + "'? " + help : help};
}

}  // namespace

void Verb::option(const std::string& name, std::string& into, const std::string& help,
                  const std::string& placeholder) {
  parser_.add_option(name, into, help)->option_text(placeholder);
}

void Verb::flag(const std::string& name, bool& into, const std::string& help) {
  parser_.add_flag(name, into, help);
}

void Verb::word(const std::string& name, std::string& into, const std::string& help) {
  parser_.add_option(name, into, help);
}

void Verb::does(Action action) {
  parser_.callback([&chosen = chosen_, action = std::move(action)] { chosen = action; });
}

CommandLine::CommandLine(const std::string& name, const std::string& summary, const std::string& version)
    : parser_(std::make_unique<CLI::App>(summary, name)) {
  parser_->set_version_flag("--version", name + " " + version);
  parser_->fallthrough();
  parser_->require_subcommand(0, 1);
}

CommandLine::~CommandLine() = default;

void CommandLine::option(const std::string& name, std::string& into, const std::string& help,
                         const std::string& placeholder) {
  parser_->add_option(name, into, help)->option_text(placeholder);
}

Verb CommandLine::add_verb(const std::string& name, const std::string& summary) {
  return {*parser_->add_subcommand(name, summary), chosen_};
}

Result<CommandLine::Request> CommandLine::parse(int argc, const char* const* argv) {
  try {
    parser_->parse(argc, argv);
  } catch (const CLI::Success& request) {
    std::ostringstream text;
    std::ostringstream nothing;
    parser_->exit(request, text, nothing);
    return Request{{}, text.str()};
  } catch (const CLI::ParseError& error) {
    return usage_error(*parser_, error);
  }
  if (!chosen_) return Request{{}, parser_->help()};
  return Request{chosen_, {}};
}

}  // namespace blastune
