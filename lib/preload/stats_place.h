// SPDX-License-Identifier: BSD-3-Clause
//
// Where statistics go: to standard error, or behind what is in a file. Kept from the beginning of the
// process, in storage of its own, because the environment may change. Nothing here allocates, and what fails
// is passed over in silence: a program must not notice.
#pragma once

#include <sys/types.h>

#include <array>
#include <string_view>

namespace blastune {

class StatsPlace {
 public:
  constexpr StatsPlace() = default;

  // "-": standard error, as it is now; else the absolute path of a file. False: nothing that can be meant.
  bool set(const char* name);
  [[nodiscard]] bool is_for_people() const { return path_[0] == '\0'; }
  // In one write, so that those of several processes do not mix. No signal ends the process for it.
  void write(std::string_view text) const;

 private:
  [[nodiscard]] bool is_still_standard_error() const;
  [[nodiscard]] int open() const;

  std::array<char, 4096> path_{};
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace blastune
