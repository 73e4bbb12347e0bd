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

// What an event carries.
std::uint64_t pack(int descriptor, std::uint32_t number) {
  return static_cast<std::uint64_t>(descriptor) << 32U | number;
}
int descriptor_of(std::uint64_t packed) {
  return static_cast<int>(packed >> 32U);
}
std::uint32_t number_of(std::uint64_t packed) {
  return static_cast<std::uint32_t>(packed);
}

}  // namespace

Result<EventLoop> EventLoop::make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid())
    return system_error("cannot make an event queue", errno, "raise the limit of open files");
  return EventLoop(std::move(epoll));
}

Result<void> EventLoop::add(int descriptor, std::uint32_t events, Handler handler) {
  const auto known = watched_.find(descriptor);
  const bool is_new = known == watched_.end();
  const std::uint32_t number = is_new ? next_number_++ : known->second.number;
  epoll_event event{};
  event.events = events;
  event.data.u64 = pack(descriptor, number);
  if (::epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event) != 0)
    return system_error("cannot wait for a descriptor", errno);
  watched_[descriptor] = {number, std::move(handler)};
  return {};
}

void EventLoop::remove(int descriptor) {
  if (watched_.erase(descriptor) > 0) ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
}

void EventLoop::wait_and_handle(double seconds) {
  // Rounded up, so that what is due is due when the wait ends.
  const double bounded = std::clamp(seconds, 0.0, longest_wait_seconds);
  const int milliseconds = static_cast<int>(std::ceil(bounded * 1000));
  std::array<epoll_event, 16> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds);
  for (int i = 0; i < count; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    const auto found = watched_.find(descriptor_of(event.data.u64));
    // Removed by a handler before it, and its descriptor's number perhaps another's by now.
    if (found == watched_.end() || found->second.number != number_of(event.data.u64)) continue;
    // A copy, because the handler may remove itself.
    const Handler handler = found->second.handler;
    handler(event.events);
  }
}

}  // namespace blastune
