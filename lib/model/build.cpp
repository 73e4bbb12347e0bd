// SPDX-License-Identifier: BSD-3-Clause
//
// What an OpenBLAS says of itself, and what follows from it. Pure.
#include "model/build.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/parse.h"

namespace blastune {
namespace {

constexpr Version no_version{};
// The span of releases whose OpenMP builds re-read the runtime's count at every call, and so ignore their
// own setter.
constexpr Version first_ignoring_setter{0, 3, 24};
constexpr Version first_respecting_setter_again{0, 3, 34};
// More threads than any build is compiled for; what is above is not a count.
constexpr int largest_max_threads = 65536;

// Words that OpenBLAS puts in its configuration text; releases before 0.3.4 do not put their name there.
constexpr std::array<std::string_view, 10> telling_words = {
    "DYNAMIC_ARCH", "DYNAMIC_OLDER", "NO_AFFINITY", "USE_OPENMP", "USE64BITINT",
    "NO_CBLAS",     "NO_LAPACK",     "NO_LAPACKE",  "USE_TLS",    "SINGLE_THREADED"};

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string_view next_word(std::string_view& rest) {
  const std::size_t start = std::min(rest.find_first_not_of(" \t\n"), rest.size());
  rest.remove_prefix(start);
  const std::size_t length = std::min(rest.find_first_of(" \t\n"), rest.size());
  const std::string_view word = rest.substr(0, length);
  rest.remove_prefix(length);
  return word;
}

// "0.3.21", and "0.3.21.dev" as a build between two releases calls itself.
std::optional<Version> release_of(std::string_view word) {
  std::size_t length = 0;
  int dots = 0;
  for (; length < word.size(); ++length) {
    if (word[length] == '.' && ++dots == 3) break;
  }
  return version_from_text(word.substr(0, length));
}

}  // namespace

bool same_build(const Build& a, const Build& b) {
  return a.version == b.version && a.config == b.config && a.core_name == b.core_name &&
         a.threading == b.threading && a.integer_bits == b.integer_bits && a.prefix == b.prefix &&
         a.suffix == b.suffix && a.max_threads == b.max_threads && a.build_id == b.build_id;
}

CountSetter count_setter(const Build& build) {
  switch (build.threading) {
    case Threading::serial:
      return CountSetter::none;
    case Threading::pthread:
      return CountSetter::openblas;
    case Threading::openmp:
      break;
  }
  if (build.version == no_version) return CountSetter::none;
  const bool ignores_setter =
      build.version >= first_ignoring_setter && build.version < first_respecting_setter_again;
  return ignores_setter ? CountSetter::openmp : CountSetter::openblas;
}

std::optional<ConfigFacts> parse_config(std::string_view config) {
  constexpr std::string_view ceiling = "MAX_THREADS=";
  ConfigFacts facts;
  bool is_openblas = false;
  bool version_is_next = false;
  for (std::string_view word = next_word(config); !word.empty(); word = next_word(config)) {
    if (version_is_next) {
      if (const std::optional<Version> version = release_of(word)) facts.version = *version;
      version_is_next = false;
    }
    if (word == "OpenBLAS") {
      is_openblas = true;
      version_is_next = true;
    } else if (word.starts_with(ceiling)) {
      const std::optional<int> count = whole_number(word.substr(ceiling.size()));
      if (count && *count >= 1 && *count <= largest_max_threads) {
        facts.max_threads = *count;
        is_openblas = true;
      }
    } else if (std::find(telling_words.begin(), telling_words.end(), word) != telling_words.end()) {
      is_openblas = true;
      if (word == "USE_OPENMP") facts.openmp = true;
      if (word == "USE64BITINT") facts.use64bitint = true;
    }
  }
  if (!is_openblas) return std::nullopt;
  return facts;
}

std::string_view name(Threading threading) {
  switch (threading) {
    case Threading::serial:
      return "serial";
    case Threading::pthread:
      return "pthread";
    case Threading::openmp:
      return "openmp";
  }
  return "serial";
}

std::optional<Threading> threading_from_name(std::string_view text) {
  for (const Threading threading : {Threading::serial, Threading::pthread, Threading::openmp}) {
    if (text == name(threading)) return threading;
  }
  return std::nullopt;
}

std::string_view name(CountSetter setter) {
  switch (setter) {
    case CountSetter::none:
      return "none";
    case CountSetter::openblas:
      return "openblas";
    case CountSetter::openmp:
      return "openmp";
  }
  return "none";
}

std::optional<CountSetter> count_setter_from_name(std::string_view text) {
  for (const CountSetter setter : {CountSetter::none, CountSetter::openblas, CountSetter::openmp}) {
    if (text == name(setter)) return setter;
  }
  return std::nullopt;
}

std::string to_string(const Version& version) {
  return std::to_string(version.major) + '.' + std::to_string(version.minor) + '.' +
         std::to_string(version.patch);
}

std::optional<Version> version_from_text(std::string_view text) {
  std::array<int, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool last = i + 1 == parts.size();
    const std::size_t dot = text.find('.');
    if (last != (dot == std::string_view::npos)) return std::nullopt;
    const std::optional<int> part = whole_number(text.substr(0, dot));
    if (!part) return std::nullopt;
    parts[i] = *part;
    text.remove_prefix(last ? text.size() : dot + 1);
  }
  return Version{parts[0], parts[1], parts[2]};
}

std::string describe(const Build& build) {
  std::string text = "OpenBLAS ";
  text += build.version == no_version ? std::string("of unknown version") : to_string(build.version);
  text += ' ';
  text += name(build.threading);
  if (build.integer_bits == 64) text += ", 64-bit integers";
  if (!build.core_name.empty()) text += " (" + printable(build.core_name) + ")";
  return text;
}

}  // namespace blastune
