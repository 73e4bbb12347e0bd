// SPDX-License-Identifier: BSD-3-Clause
//
// One line on a terminal that is drawn again and again; nothing at all anywhere else.
#pragma once

#include <iosfwd>
#include <string_view>

namespace blastune {

class ProgressBar {
 public:
  // active: whether `stream` is a terminal. The stream outlives the bar.
  ProgressBar(std::ostream& stream, bool active) : stream_(stream), active_(active) {}
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  ~ProgressBar() { clear(); }

  // share: from 0 to 1; text: what follows the bar, cut to the terminal's width.
  void draw(double share, std::string_view text);
  // Takes the line away, for other text to be printed.
  void clear();

 private:
  std::ostream& stream_;
  bool active_;
  bool drawn_ = false;
};

// The width of the terminal that standard error is, 80 when it does not say.
[[nodiscard]] int terminal_width();
[[nodiscard]] bool messages_are_seen();  // standard error is a terminal that can redraw a line

}  // namespace blastune
