// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <utility>

namespace blastune {
namespace {

constexpr double longest_wait_seconds = 24 * 3600;

}  // namespace

Result<EventLoop> EventLoop::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid())
    return system_error("cannot make an event queue", errno, "raise the limit of open files");
  return EventLoop(std::move(epoll));
}

Result<void> EventLoop::add(int descriptor, std::uint32_t events, Handler handler) {
  epoll_event event{};
  event.events = events;
  event.data.fd = descriptor;
  const bool is_new = !handlers_.contains(descriptor);
  if (::epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) != 0)
    return system_error("cannot wait for a descriptor", errno);
  handlers_[descriptor] = std::move(handler);
  return {};
}

void EventLoop::remove(int descriptor) {
  if (handlers_.erase(descriptor) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void EventLoop::wait_and_handle(double seconds) {
  // Rounded up, so that what is due is due when the wait ends.
  const double bounded = std::clamp(seconds, 0.0, longest_wait_seconds);
  const int milliseconds = static_cast<int>(std::ceil(bounded * 1000));
  std::array<epoll_event, 16> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const auto found = handlers_.find(event.data.fd);
    if (found == handlers_.end()) continue;  // removed by a handler before it
    // A copy, because the handler may remove itself.
    const Handler handler = found->second;
    handler(event.events);
  }
}

}  // namespace blastune
