// SPDX-License-Identifier: BSD-3-Clause
//
// One thread waits here for whatever comes first: a descriptor or a time. Handlers run one after the other on
// the thread that calls wait_and_handle(); they may add and remove descriptors, their own included.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

class EventLoop {
 public:
  // Told what happened: EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR.
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<EventLoop> make();

  // The descriptor stays its owner's, who removes it before closing it. Adding one again changes what is
  // waited for and who is told.
  Result<void> add(int descriptor, std::uint32_t events, Handler handler);
  void remove(int descriptor);

  // Until something is ready or so many seconds are over, then the handlers. A signal ends the wait too.
  void wait_and_handle(double seconds);

 private:
  explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}

  struct Watched {
    std::uint32_t number = 0;  // another one for each time that a descriptor is added anew
    Handler handler;
  };

  UniqueFd epoll_;
  std::map<int, Watched> watched_;
  std::uint32_t next_number_ = 0;
};

}  // namespace blastune
