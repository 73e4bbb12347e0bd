// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/readiness.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>

namespace blastune {

Result<void> ReadySet::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid()) return system_error("cannot make a descriptor to wait for", errno);
  return {};
}

Result<void> ReadySet::add(int fd, For purpose) {
  epoll_event event{};
  event.events = purpose == For::reading ? EPOLLIN : EPOLLOUT;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return system_error("cannot wait for a descriptor", errno);
  return {};
}

void ReadySet::remove(int fd) {
  if (epoll_.valid() && fd >= 0) (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void wait_until_ready(int fd, double seconds) {
  // Rounded up: a wait that ends just before its time would be followed by many short ones.
  const int milliseconds = static_cast<int>(std::clamp(seconds, 0.0, 3600.0) * 1000.0 + 0.999);
  pollfd watched{fd, POLLIN, 0};
  (void)::poll(&watched, 1, milliseconds);
}

Error interruption() {
  return {ErrorKind::interrupted, "the measuring was interrupted", {}};
}

}  // namespace blastune
