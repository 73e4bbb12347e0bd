// SPDX-License-Identifier: BSD-3-Clause
//
// The control socket where clients come and go at once, and where its directory is no safe one.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <vector>

#include "daemon/control_server.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class ControlTroubleTest : public testing::Test {
 protected:
  ControlTroubleTest() : path_(directory_.path("control")), loop_(EventLoop::make().value()) {
    auto server = ControlServer::open(path_, loop_, clock_,
                                      [](ControlRequest, bool) { return ControlReply{Accepted{"yes"}}; });
    EXPECT_TRUE(server);
    if (server) server_ = std::move(server).value();
  }

  UniqueFd connected() const {
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return socket;
  }

  bool is_answered(const UniqueFd& socket) {
    const std::string request = encode(ControlRequest::status) + "\n";
    (void)!::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
    for (int i = 0; i < 10; ++i) loop_.wait_and_handle(0);
    std::array<char, 4096> bytes{};
    return ::recv(socket.get(), bytes.data(), bytes.size(), 0) > 0;
  }

  TemporaryDirectory directory_;
  std::string path_;
  EventLoop loop_;
  ManualClock clock_;
  std::unique_ptr<ControlServer> server_;
};

TEST_F(ControlTroubleTest, EverybodyMayConnectWhateverTheMask) {
  const std::string path = directory_.path("masked");
  const mode_t usual = ::umask(0077);
  const auto server =
      ControlServer::open(path, loop_, clock_, [](ControlRequest, bool) { return ControlReply{Accepted{}}; });
  EXPECT_EQ(::umask(usual), 0077U);
  ASSERT_TRUE(server);
  struct stat status {};
  ASSERT_EQ(::lstat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0666U);
}

TEST_F(ControlTroubleTest, ThatAnotherHungUpIsNotTakenForThisOnesEnd) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 32; ++i) {
    silent.push_back(connected());
    loop_.wait_and_handle(0);
  }
  // Told of in this order: two that come, then the oldest, whose place and number they take.
  const UniqueFd first = connected();
  const UniqueFd second = connected();
  silent.erase(silent.begin());
  loop_.wait_and_handle(0);
  EXPECT_TRUE(is_answered(second));
  EXPECT_TRUE(is_answered(first));
}

}  // namespace
}  // namespace blastune
