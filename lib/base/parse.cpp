// SPDX-License-Identifier: BSD-3-Clause
#include "base/parse.h"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace blastune {
namespace {

constexpr std::size_t longest_shown = 60;

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// from_chars also knows "inf" and "nan", which nobody means here.
std::optional<double> finite_number(std::string_view text) {
  const auto value = whole_number<double>(text);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string shortest(double value) {
  std::array<char, 32> text{};
  // Neither 1e-04 nor the twenty digits of a large bound.
  const bool is_handy = std::abs(value) >= 1e-6 && std::abs(value) < 1e9;
  const auto [end, error] =
      is_handy ? std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed)
               : std::to_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? std::string(text.data(), end) : std::string("?");
}

Error not_allowed(std::string_view what, std::string_view text, const std::string& allowed) {
  return Error{ErrorKind::usage, std::string(what) + ": " + in_quotes(text) + " is not " + allowed, {}};
}

std::string integer_range(std::int64_t low, std::int64_t high) {
  return "an integer from " + std::to_string(low) + " to " + std::to_string(high);
}

struct Unit {
  std::string_view suffix;
  double seconds;
};
// Longer suffixes first where one ends in another.
constexpr std::array units{Unit{"us", 1e-6}, Unit{"ms", 1e-3}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600}};

std::optional<double> seconds_of(std::string_view text) {
  double factor = 1;
  for (const auto& unit : units) {
    if (text.ends_with(unit.suffix)) {
      factor = unit.seconds;
      text.remove_suffix(unit.suffix.size());
      break;
    }
  }
  const auto value = finite_number(text);
  if (!value || !std::isfinite(*value * factor)) return std::nullopt;
  return *value * factor;
}

// In the largest unit of which it is a whole number.
std::string duration_text(double seconds) {
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    const double count = seconds / unit->seconds;
    if (count >= 1 && count == std::round(count)) return shortest(count) + std::string(unit->suffix);
  }
  return shortest(seconds) + "s";
}

// -1 for what is no number; lists hold none below 0.
std::int64_t number_in_list(std::string_view text) {
  std::int64_t number = -1;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  return problem == std::errc{} && end == text.data() + text.size() ? number : -1;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    if (c < ' ' || c > '~') c = '?';
  }
  return shown;
}

std::string in_quotes(std::string_view text) {
  std::string shown = "\"";
  shown += printable(text.substr(0, longest_shown));
  if (text.size() > longest_shown) shown += "...";
  return shown + "\"";
}

Result<std::int64_t> parse_integer(std::string_view text, std::int64_t low, std::int64_t high,
                                   std::string_view what) {
  const auto value = whole_number<std::int64_t>(text);
  if (!value || *value < low || *value > high) return not_allowed(what, text, integer_range(low, high));
  return *value;
}

Result<double> parse_number(std::string_view text, double low, double high, std::string_view what) {
  const auto value = finite_number(text);
  if (!value || *value < low || *value > high) {
    return not_allowed(what, text, "a number from " + shortest(low) + " to " + shortest(high));
  }
  return *value;
}

Result<double> parse_duration(std::string_view text, double low_seconds, double high_seconds,
                              std::string_view what) {
  const auto seconds = seconds_of(text);
  if (!seconds || *seconds < low_seconds || *seconds > high_seconds) {
    return not_allowed(what, text,
                       "a duration from " + duration_text(low_seconds) + " to " +
                           duration_text(high_seconds) + ", like 30s or 2m");
  }
  return *seconds;
}

Result<std::vector<std::int64_t>> parse_integer_list(std::string_view text, std::int64_t low,
                                                     std::int64_t high, std::size_t max_count,
                                                     std::string_view what) {
  const auto refuse = [&] {
    return not_allowed(what, text,
                       "a list like 50,100 or 1-8,16 of integers from " + std::to_string(low) + " to " +
                           std::to_string(high));
  };
  const auto allowed = [&](std::int64_t number) { return number >= 0 && number >= low && number <= high; };
  std::vector<std::int64_t> values;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const auto item = rest.substr(0, comma);
    const auto dash = item.find('-');
    const std::int64_t first = number_in_list(item.substr(0, dash));
    const std::int64_t last = dash == item.npos ? first : number_in_list(item.substr(dash + 1));
    if (!allowed(first) || !allowed(last) || last < first) return refuse();
    // Both ends are not negative, so the difference cannot overflow; it is compared before it is used.
    if (static_cast<std::uint64_t>(last - first) >= max_count - values.size()) {
      return Error{ErrorKind::usage,
                   std::string(what) + ": " + in_quotes(text) + " names more than " +
                       std::to_string(max_count) + " numbers",
                   {}};
    }
    for (auto value = first; value < last; ++value) values.push_back(value);
    values.push_back(last);
    if (comma == rest.npos) return values;
    rest.remove_prefix(comma + 1);
  }
}

}  // namespace blastune
