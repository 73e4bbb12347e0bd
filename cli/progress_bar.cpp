// SPDX-License-Identifier: BSD-3-Clause
#include "cli/progress_bar.h"

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ostream>
#include <string>

namespace blastune {
namespace {

constexpr int bar_cells = 24;

}  // namespace

int terminal_width() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

bool messages_are_seen() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && terminal != nullptr && std::string_view(terminal) != "dumb";
}

void ProgressBar::draw(double share, std::string_view text) {
  if (!active_) return;
  const double shown = std::clamp(share, 0.0, 1.0);
  const auto filled = static_cast<std::size_t>(std::lround(shown * bar_cells));
  std::string line = fmt::format("[{}{}] {:3.0f} %  {}", std::string(filled, '#'),
                                 std::string(bar_cells - filled, '.'), 100 * shown, text);
  line.resize(std::min(line.size(), static_cast<std::size_t>(std::max(terminal_width() - 1, 10))));
  stream_ << "\r\033[K" << line << std::flush;
  drawn_ = true;
}

void ProgressBar::clear() {
  if (drawn_) stream_ << "\r\033[K" << std::flush;
  drawn_ = false;
}

}  // namespace blastune
