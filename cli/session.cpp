// SPDX-License-Identifier: BSD-3-Clause
#include "cli/session.h"

#include <unistd.h>

#include <cstdlib>
#include <ostream>

namespace blastune {
namespace {

constexpr Palette colours{"\033[1m", "\033[2m", "\033[33m", "\033[31m", "\033[0m"};

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool wants_colour(ColorMode mode, int descriptor) {
  if (mode != ColorMode::automatic) return mode == ColorMode::always;
  if (is_set("NO_COLOR")) return false;
  if (is_set("CLICOLOR_FORCE") && std::string_view(std::getenv("CLICOLOR_FORCE")) != "0") return true;
  const char* terminal = std::getenv("TERM");
  return isatty(descriptor) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

}  // namespace

Palette Session::out_palette() const {
  return wants_colour(color, STDOUT_FILENO) ? colours : Palette{};
}

Palette Session::message_palette() const {
  return wants_colour(color, STDERR_FILENO) ? colours : Palette{};
}

void Session::complain(const Error& error) const {
  const Palette palette = message_palette();
  messages << "blastune: " << palette.error << error.what << palette.off << '\n';
  if (!error.remedy.empty()) messages << "          " << error.remedy << '\n';
}

void Session::note(std::string_view text) const {
  messages << "blastune: " << text << '\n';
}

}  // namespace blastune
