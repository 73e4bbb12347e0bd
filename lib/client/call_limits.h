// SPDX-License-Identifier: BSD-3-Clause
//
// The limits of one call, each read once before it. They hold for every routine, whether or not a table knows
// anything. Pure.
#pragma once

#include <algorithm>

namespace blastune {

struct CallLimits {
  // The program's or its user's own count; 0: this library's count is not to be touched.
  int user = 0;
  // Processors that this process may use at all: affinity, quotas of control groups, BLASTUNE_MAX_THREADS.
  int capacity = 1;
  // What other processes leave of the machine now.
  int available = 1;
  // Threads of this process that call the library at about the same time.
  int callers = 1;

  // For all callers of this process together.
  [[nodiscard]] int room() const { return std::max(1, std::min(capacity, available)); }
  // For this call; at least 1.
  [[nodiscard]] int most() const { return std::max(1, std::min(user, room() / std::max(1, callers))); }
  // Whether the library would by itself use more than it may.
  [[nodiscard]] bool lower() const { return most() < user; }

  bool operator==(const CallLimits&) const = default;
};

}  // namespace blastune
