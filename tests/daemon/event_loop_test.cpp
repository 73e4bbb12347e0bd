// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>

#include "base/clock.h"

namespace blastune {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) == 0) {
      reading.reset(ends[0]);
      writing.reset(ends[1]);
    }
  }
  void fill() const { (void)!::write(writing.get(), "x", 1); }
  void empty() const {
    char byte = 0;
    (void)!::read(reading.get(), &byte, 1);
  }
  UniqueFd reading;
  UniqueFd writing;
};

EventLoop make_loop() {
  auto loop = EventLoop::make();
  EXPECT_TRUE(loop);
  return std::move(loop).value();
}

TEST(EventLoop, TellsWhoWaitsAndNobodyElse) {
  EventLoop loop = make_loop();
  const Pipe ready;
  const Pipe quiet;
  int told = 0;
  int wrongly_told = 0;
  ASSERT_TRUE(loop.add(ready.reading.get(), EPOLLIN, [&](std::uint32_t events) {
    EXPECT_EQ(events, static_cast<std::uint32_t>(EPOLLIN));
    ++told;
    ready.empty();
  }));
  ASSERT_TRUE(loop.add(quiet.reading.get(), EPOLLIN, [&](std::uint32_t) { ++wrongly_told; }));
  ready.fill();
  loop.wait_and_handle(60);
  loop.wait_and_handle(0);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(wrongly_told, 0);
}

TEST(EventLoop, WaitsAtLeastAsLongAsAsked) {
  EventLoop loop = make_loop();
  SystemClock clock;
  const double start = clock.monotonic_seconds();
  loop.wait_and_handle(0.0101);
  EXPECT_GE(clock.monotonic_seconds() - start, 0.0101);
  loop.wait_and_handle(-1e300);
}

TEST(EventLoop, AHandlerMayRemoveItselfAndOthers) {
  EventLoop loop = make_loop();
  const Pipe first;
  const Pipe second;
  int told = 0;
  const auto remove_both = [&](std::uint32_t) {
    ++told;
    loop.remove(first.reading.get());
    loop.remove(second.reading.get());
  };
  ASSERT_TRUE(loop.add(first.reading.get(), EPOLLIN, remove_both));
  ASSERT_TRUE(loop.add(second.reading.get(), EPOLLIN, remove_both));
  first.fill();
  second.fill();
  loop.wait_and_handle(60);
  loop.wait_and_handle(0);
  EXPECT_EQ(told, 1);
}

TEST(EventLoop, AddingAgainChangesWhoIsTold) {
  EventLoop loop = make_loop();
  const Pipe pipe;
  int before = 0;
  int after = 0;
  ASSERT_TRUE(loop.add(pipe.reading.get(), EPOLLIN, [&](std::uint32_t) { ++before; }));
  ASSERT_TRUE(loop.add(pipe.reading.get(), EPOLLIN, [&](std::uint32_t) { ++after; }));
  pipe.fill();
  loop.wait_and_handle(60);
  EXPECT_EQ(before, 0);
  EXPECT_EQ(after, 1);
  EXPECT_FALSE(loop.add(-1, EPOLLIN, [](std::uint32_t) {}));
}

}  // namespace
}  // namespace blastune
