// SPDX-License-Identifier: BSD-3-Clause
//
// How what never waits tells when to go on, and how to wait for it where there is nothing else to do.
//
// Such a machine has advance() (goes on as far as it can; a result once there is one), ready_fd() (readable
// while there is something to go on with; the same all its life) and deadline() (monotonic seconds at which
// advance() is to be called though nothing is ready; infinity: never; 0: now).
#pragma once

#include <functional>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

// Several descriptors seen as one. For one thread at a time.
class ReadySet {
 public:
  enum class For { reading, writing };

  // Not usable before it is open.
  Result<void> open();
  // Readable while one of the members is ready, or broken. Sets may be members of sets.
  [[nodiscard]] int fd() const { return epoll_.get(); }
  Result<void> add(int fd, For purpose);
  // Before it is closed. No member: nothing happens.
  void remove(int fd);

 private:
  UniqueFd epoll_;
};

// Until the descriptor is readable, a signal comes, or so many seconds are over.
void wait_until_ready(int fd, double seconds);

[[nodiscard]] Error interruption();

// Advances a machine until it has a result. Asks about ten times a second whether the user interrupted; the
// machine is then left as it is.
template <class Machine>
typename decltype(std::declval<Machine&>().advance())::value_type run_to_end(
    Machine& machine, const std::function<bool()>& interrupted) {
  constexpr double interruption_seconds = 0.1;
  SystemClock clock;
  while (true) {
    if (interrupted && interrupted()) return interruption();
    if (auto result = machine.advance()) return std::move(*result);
    const double left = machine.deadline() - clock.monotonic_seconds();
    wait_until_ready(machine.ready_fd(), left < interruption_seconds ? left : interruption_seconds);
  }
}

}  // namespace blastune
