// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.h"

#include <chrono>

namespace blastune {

double SystemClock::monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace blastune
