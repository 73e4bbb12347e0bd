// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/story.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <sstream>

#include "base/parse.h"

namespace blastune {
namespace {

Error wrong(std::string_view what, const std::string& line) {
  return Error{ErrorKind::invalid_data, line + ": " + std::string(what), "", 0};
}

std::optional<double> number(std::string_view text) {
  const auto value = parse_number(text, -1e12, 1e12, "number");
  return value ? std::optional(*value) : std::nullopt;
}

// Seconds as a plain number or a duration.
std::optional<double> amount(std::string_view text) {
  if (const auto plain = number(text)) return plain;
  const auto duration = parse_story_time(text);
  return duration ? std::optional(*duration) : std::nullopt;
}

using Words = std::vector<std::string>;

bool is_one_of(const std::string& word, std::initializer_list<std::string_view> allowed) {
  return std::find(allowed.begin(), allowed.end(), word) != allowed.end();
}

bool is_expectation(const Words& words) {
  if (words.size() == 1) return words[0] == "measured-nothing" || activity_from_name(words[0]).has_value();
  if (words.size() == 2) return words[0] == "wait" && wait_reason_from_name(words[1]).has_value();
  return words.size() == 3 && figure({}, words[0]).has_value() && is_one_of(words[1], {"<=", ">=", "="}) &&
         amount(words[2]).has_value();
}

bool is_valid(const std::string& verb, const Words& words) {
  const auto one_amount = [&] { return words.size() == 1 && amount(words[0]).has_value(); };
  if (verb == "expect") return is_expectation(words);
  if (verb == "busy" || verb == "suspend" || verb == "clock" || verb == "cpus" || verb == "slowdown")
    return one_amount();
  if (verb == "quota") return one_amount() || words == Words{"none"};
  if (verb == "flicker") {
    return words.size() == 5 && amount(words[0]) && words[1] == "on" && amount(words[2]) &&
           words[3] == "off" && amount(words[4]);
  }
  if (verb == "library") return words.size() == 2 && is_one_of(words[0], {"new", "gone", "changed"});
  if (verb == "battery") return words.size() == 1 && is_one_of(words[0], {"on", "off"});
  if (verb == "governor") return words.size() == 1;
  if (verb == "worker") return words.size() == 1 && is_one_of(words[0], {"ok", "hangs", "crashes", "lies"});
  if (verb == "ask") return words.size() == 1 && is_one_of(words[0], {"measure-now", "reload"});
  return (verb == "flip" || verb == "restart") && words.empty();
}

}  // namespace

Result<double> parse_story_time(std::string_view text) {
  const std::map<char, double> units = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
  const auto refuse = [&] { return wrong("this is no duration", std::string(text)); };
  double sign = 1;
  std::string_view rest = text;
  if (!rest.empty() && (rest[0] == '+' || rest[0] == '-')) {
    sign = rest[0] == '-' ? -1 : 1;
    rest.remove_prefix(1);
  }
  if (rest.empty()) return refuse();
  double sum = 0;
  while (!rest.empty()) {
    const std::size_t digits = rest.find_first_not_of("0123456789.");
    if (digits == std::string_view::npos || digits == 0) return refuse();
    const auto unit = units.find(rest[digits]);
    const auto count = number(rest.substr(0, digits));
    if (unit == units.end() || !count) return refuse();
    sum += *count * unit->second;
    rest.remove_prefix(digits + 1);
  }
  return sign * sum;
}

Result<Story> parse_story(std::string_view text) {
  Story story;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream stream(line.substr(0, line.find('#')));
    StoryLine parsed;
    parsed.text = line;
    parsed.at = HUGE_VAL;  // the end
    std::string word;
    if (!(stream >> word)) continue;
    if (word == "at" || word == "until") {
      std::string time;
      stream >> time;
      const auto at = parse_story_time(time);
      if (!at || *at < 0) return wrong("this line has no time", line);
      if (word == "until") {
        story.until = *at;
        continue;
      }
      parsed.at = *at;
      stream >> word;
    } else if (word != "expect") {
      return wrong("only what is expected may be without a time", line);
    }
    parsed.verb = word;
    while (stream >> word) parsed.words.push_back(word);
    if (!is_valid(parsed.verb, parsed.words)) return wrong("nobody knows how to do this", line);
    story.lines.push_back(parsed);
  }
  if (!(story.until > 0)) return wrong("the story has no end", "until");
  for (StoryLine& line : story.lines) line.at = std::min(line.at, story.until);
  std::stable_sort(story.lines.begin(), story.lines.end(),
                   [](const StoryLine& a, const StoryLine& b) { return a.at < b.at; });
  return story;
}

std::optional<double> figure(const StoryFacts& facts, std::string_view name) {
  const std::map<std::string_view, double> figures = {
      {"builds", static_cast<double>(facts.builds)},
      {"usable", static_cast<double>(facts.usable)},
      {"certain", static_cast<double>(facts.certain)},
      {"slices", static_cast<double>(facts.slices)},
      {"disturbed", static_cast<double>(facts.disturbed)},
      {"drifted", static_cast<double>(facts.drifted)},
      {"spent", facts.spent},
      {"last-hour", facts.last_hour},
      {"measured-seconds", facts.measured_seconds},
      {"unchecked", facts.seconds_unchecked.value_or(HUGE_VAL)},
  };
  const auto found = figures.find(name);
  return found == figures.end() ? std::nullopt : std::optional(found->second);
}

std::string violated(const StoryLine& line, const StoryFacts& facts) {
  const Words& words = line.words;
  std::ostringstream seen;
  seen << line.text << ": it is " << name(facts.activity) << " (" << name(facts.wait) << ")";
  bool holds = false;
  if (words.size() == 1 && words[0] == "measured-nothing") {
    holds = facts.slices == 0;
    seen << ", slices = " << facts.slices;
  } else if (words.size() == 1) {
    holds = name(facts.activity) == words[0];
  } else if (words.size() == 2) {
    holds = name(facts.wait) == words[1];
  } else {
    const double is = figure(facts, words[0]).value_or(NAN);
    const double wanted = amount(words[2]).value_or(NAN);
    holds = words[1] == "<=" ? is <= wanted : words[1] == ">=" ? is >= wanted : is == wanted;
    seen << ", " << words[0] << " = " << is;
  }
  return holds ? "" : seen.str();
}

}  // namespace blastune
