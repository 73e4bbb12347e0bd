// SPDX-License-Identifier: BSD-3-Clause
//
// Ctrl-C and SIGTERM while something long runs: the first asks it to end and keep what it has, the second
// ends the program as usual.
#pragma once

namespace blastune {

// Handles SIGINT, SIGTERM and SIGHUP while it lives. One at a time.
class Interruption {
 public:
  Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  ~Interruption();

  [[nodiscard]] static bool requested();
};

}  // namespace blastune
