// SPDX-License-Identifier: BSD-3-Clause
//
// The words after `blastune`: verbs, their options and the help of both. Every option takes text as it was
// typed; what it means is checked by the verb, whose errors say what to do next.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace blastune {

// Does the work, prints, and says how the program ends. Failures that need no status of their own come back
// as errors.
using Action = std::function<Result<ExitStatus>(const Session&)>;

// One verb of a CommandLine, which outlives it. What `into` refers to is written by CommandLine::parse() and
// lives until then: the action keeps it.
class Verb {
 public:
  // name: with its dashes. placeholder: what the help shows for the value.
  void option(const std::string& name, std::string& into, const std::string& help,
              const std::string& placeholder);
  void flag(const std::string& name, bool& into, const std::string& help);
  // A flag that may be given a value behind `=`, and only there; `without` stands for none.
  // Nothing: it was not given.
  void flag_with_value(const std::string& name, std::optional<std::string>& into, const std::string& without,
                       const std::string& help, const std::string& placeholder);
  // A word without dashes.
  void word(const std::string& name, std::string& into, const std::string& help);
  // All that follows from the first word without dashes on, options of another program among it, or from
  // `--` on.
  void rest(const std::string& name, std::vector<std::string>& into, const std::string& help);
  // What to do when the user names this verb.
  void does(Action action);

 private:
  friend class CommandLine;
  Verb(CLI::App& parser, Action& chosen) : parser_(parser), chosen_(chosen) {}
  CLI::App& parser_;
  Action& chosen_;
};

class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& summary, const std::string& version);
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;
  ~CommandLine();

  // Of the program itself; understood behind the verb too.
  void option(const std::string& name, std::string& into, const std::string& help,
              const std::string& placeholder);
  [[nodiscard]] Verb add_verb(const std::string& name, const std::string& summary);

  struct Request {
    Action action;     // of the verb that was named; null when none was, or when only text was asked for
    std::string text;  // then: the help or the version
  };
  // Once. usage errors name the word that was not understood, and the one it probably meant.
  [[nodiscard]] Result<Request> parse(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> parser_;
  Action chosen_;
};

}  // namespace blastune
