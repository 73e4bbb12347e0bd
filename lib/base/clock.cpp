// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.h"

#include <time.h>

#include <chrono>
#include <cmath>

namespace blastune {

double SystemClock::monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::int64_t SystemClock::unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

void SystemClock::sleep(double seconds) {
  if (!(seconds > 0)) return;
  const double whole = std::floor(seconds);
  const timespec wait = {static_cast<time_t>(whole), static_cast<long>((seconds - whole) * 1e9)};
  ::nanosleep(&wait, nullptr);
}

}  // namespace blastune
