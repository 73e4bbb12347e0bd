// SPDX-License-Identifier: BSD-3-Clause
//
// What an event loop does with a machine that never waits, and what it must not lose by it.
#pragma once

#include <poll.h>

#include <filesystem>
#include <iterator>
#include <utility>

#include "base/clock.h"
#include "tuner/readiness.h"

namespace blastune::testing {

inline bool is_ready(int fd) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

inline double seconds_until(double deadline) {
  SystemClock clock;
  return deadline - clock.monotonic_seconds();
}

// Advances it when it says so, and counts how often.
template <class Machine>
auto drive(Machine& machine, int& advances) {
  while (true) {
    ++advances;
    if (auto result = machine.advance()) return std::move(*result);
    wait_until_ready(machine.ready_fd(), seconds_until(machine.deadline()));
  }
}

inline std::ptrdiff_t open_descriptors() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
}

}  // namespace blastune::testing
