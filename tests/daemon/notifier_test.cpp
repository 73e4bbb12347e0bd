// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/notifier.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

// A service manager that only listens.
class Manager {
 public:
  explicit Manager(const std::string& address) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address.data(), address.size());
    if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), length), 0);
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
  }

  // The next message; "" when there is none.
  std::string heard() const {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
    return got <= 0 ? "" : std::string(bytes.data(), static_cast<std::size_t>(got));
  }

 private:
  UniqueFd socket_;
};

TEST(Notifier, SaysNothingWithoutAManager) {
  ::unsetenv("NOTIFY_SOCKET");
  Notifier notifier = Notifier::from_environment();
  notifier.ready("here");
  notifier.alive(1);
  EXPECT_FALSE(notifier.alive_interval());
}

TEST(Notifier, SpeaksAsTheManagerExpects) {
  const TemporaryDirectory directory;
  for (const std::string& address :
       {directory.path("notify"), "@blastune-test-" + std::to_string(::getpid())}) {
    const Manager manager(address);
    ::setenv("WATCHDOG_USEC", "3000000", 1);
    ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
    Notifier notifier = Notifier::from_environment();
    EXPECT_EQ(notifier.alive_interval(), 1.5);
    notifier.ready("settled");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=settled");
    notifier.status("settled");
    EXPECT_EQ(manager.heard(), "");
    notifier.status("a\nREADY=1");
    EXPECT_EQ(manager.heard(), "STATUS=a READY=1");
    notifier.reloading();
    EXPECT_TRUE(manager.heard().starts_with("RELOADING=1\nMONOTONIC_USEC="));
    notifier.stopping();
    EXPECT_TRUE(manager.heard().starts_with("STOPPING=1"));
  }
}

TEST(Notifier, IsAliveHalfAnIntervalApart) {
  const TemporaryDirectory directory;
  const Manager manager(directory.path("notify"));
  ::setenv("WATCHDOG_USEC", "20000000", 1);
  ::unsetenv("WATCHDOG_PID");
  Notifier notifier = Notifier::from_environment();
  int heard = 0;
  for (int tenth = 0; tenth <= 1000; ++tenth) {
    notifier.alive(1000 + tenth / 10.0);
    if (manager.heard() == "WATCHDOG=1") ++heard;
  }
  EXPECT_EQ(heard, 11);
}

TEST(Notifier, ChildrenAndOthersAreNotSpokenFor) {
  const TemporaryDirectory directory;
  const Manager manager(directory.path("notify"));
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(Notifier::from_environment().alive_interval());
  EXPECT_EQ(::getenv("NOTIFY_SOCKET"), nullptr);
  EXPECT_EQ(::getenv("WATCHDOG_USEC"), nullptr);
  EXPECT_EQ(::getenv("WATCHDOG_PID"), nullptr);
}

TEST(Notifier, DistrustsTheEnvironment) {
  for (const std::string& address : {std::string("relative"), "/" + std::string(200, 'x'), std::string("")}) {
    ::setenv("NOTIFY_SOCKET", address.c_str(), 1);
    ::setenv("WATCHDOG_USEC", "garbage", 1);
    Notifier notifier = Notifier::from_environment();
    notifier.ready("here");
    EXPECT_FALSE(notifier.alive_interval());
  }
}

}  // namespace
}  // namespace blastune
