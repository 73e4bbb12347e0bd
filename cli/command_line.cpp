// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
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

bool takes_value(CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  return option != nullptr && option->get_items_expected_max() > 0;
}

CLI::App* verb_called(CLI::App& program, const std::string& name) {
  const auto verbs = program.get_subcommands(nullptr);
  const auto found =
      std::ranges::find_if(verbs, [&](const CLI::App* verb) { return verb->get_name() == name; });
  return found == verbs.end() ? nullptr : *found;
}

bool has_rest(CLI::App& verb) {
  return std::ranges::any_of(verb.get_options(), [](const CLI::Option* option) {
    return option->get_positional() && option->get_items_expected_max() > 1;
  });
}

// "--stats[=FILE]": the default of a flag with a value is not shown, and its value follows at once.
class HelpText : public CLI::Formatter {
 public:
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    const std::string name = CLI::Formatter::make_option_name(option, is_positional);
    return name.substr(0, name.find('{'));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string text = CLI::Formatter::make_option_opts(option);
    return text.starts_with(" [=") ? text.substr(1) : text;
  }
};

// The words with `--` before those that belong to another program, so that nobody looks for options in them.
std::vector<std::string> mark_rest(CLI::App& program, std::vector<std::string> words) {
  CLI::App* verb = nullptr;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--") return words;
    if (word.starts_with("-") && word.size() > 1) {
      const bool has_value = word.find('=') == word.npos &&
                             (takes_value(program, word) || (verb != nullptr && takes_value(*verb, word)));
      if (has_value) ++i;
    } else if (verb == nullptr) {
      verb = verb_called(program, word);
      if (verb == nullptr || !has_rest(*verb)) return words;
    } else {
      words.insert(words.begin() + static_cast<std::ptrdiff_t>(i), "--");
      return words;
    }
  }
  return words;
}

}  // namespace

void Verb::option(const std::string& name, std::string& into, const std::string& help,
                  const std::string& placeholder) {
  parser_.add_option(name, into, help)->option_text(placeholder);
}

void Verb::flag(const std::string& name, bool& into, const std::string& help) {
  parser_.add_flag(name, into, help);
}

void Verb::flag_with_value(const std::string& name, std::optional<std::string>& into,
                           const std::string& without, const std::string& help,
                           const std::string& placeholder) {
  parser_.add_flag(name + "{" + without + "}", into, help)->option_text("[=" + placeholder + "]");
}

void Verb::word(const std::string& name, std::string& into, const std::string& help) {
  parser_.add_option(name, into, help);
}

void Verb::rest(const std::string& name, std::vector<std::string>& into, const std::string& help) {
  parser_.add_option(name, into, help)->expected(-1)->option_text("...");
}

void Verb::does(Action action) {
  parser_.callback([&chosen = chosen_, action = std::move(action)] { chosen = action; });
}

CommandLine::CommandLine(const std::string& name, const std::string& summary, const std::string& version)
    : parser_(std::make_unique<CLI::App>(summary, name)) {
  parser_->set_version_flag("--version", name + " " + version);
  parser_->fallthrough();
  parser_->formatter(std::make_shared<HelpText>());
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
    std::vector<std::string> words = mark_rest(*parser_, {argv, argv + argc});
    // As it wants them: without the program's own name, the last one first.
    words.erase(words.begin());
    std::ranges::reverse(words);
    parser_->parse(std::move(words));
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
