// SPDX-License-Identifier: BSD-3-Clause
#include "base/clock.h"

#include <time.h>

#include <chrono>
#include <cmath>

namespace blastune {

double SystemClock::monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double SystemClock::passed_seconds() {
  timespec now{};
  // Kernels without it (before 2.6.39) do not count what was slept.
  if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return monotonic_seconds();
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
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
