// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/control_server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <optional>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

// Connected, and never waits: the test and the server share one thread.
UniqueFd connected(const std::string& path) {
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return socket;
}

void say(const UniqueFd& socket, std::string_view text) {
  (void)!::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
}

class ControlServerTest : public testing::Test {
 protected:
  ControlServerTest() : path_(directory_.path("control")), loop_(EventLoop::make().value()) {
    auto server = ControlServer::open(path_, loop_, clock_, [this](ControlRequest request, bool is_trusted) {
      asked_ = request;
      trusted_ = is_trusted;
      return reply_;
    });
    EXPECT_TRUE(server) << (server ? "" : server.error().text());
    if (server) server_ = std::move(server).value();
  }

  void serve() {
    for (int i = 0; i < 100; ++i) loop_.wait_and_handle(0);
    server_->drop_slow_clients();
  }

  // What has come, up to the end of the connection; nothing while it is open.
  std::optional<std::string> heard(const UniqueFd& socket) {
    std::string all;
    for (int i = 0; i < 1000; ++i) {
      loop_.wait_and_handle(0);
      std::array<char, 65536> bytes{};
      const ssize_t got = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
      if (got > 0) all.append(bytes.data(), static_cast<std::size_t>(got));
      if (got == 0) return all;
      if (got < 0 && errno != EAGAIN) return all;
    }
    return std::nullopt;
  }

  Result<ControlReply> reply_to(const UniqueFd& socket) {
    const auto text = heard(socket);
    EXPECT_TRUE(text);
    EXPECT_TRUE(text->ends_with('\n')) << *text;
    return decode_control_reply(std::string_view(*text).substr(0, text->size() - 1));
  }

  RefusalKind refusal(const UniqueFd& socket) {
    const auto reply = reply_to(socket);
    EXPECT_TRUE(reply && std::holds_alternative<Refusal>(*reply));
    return std::get<Refusal>(*reply).kind;
  }

  TemporaryDirectory directory_;
  std::string path_;
  EventLoop loop_;
  ManualClock clock_;
  ControlReply reply_ = Accepted{"yes"};
  std::optional<ControlRequest> asked_;
  bool trusted_ = false;
  std::unique_ptr<ControlServer> server_;
};

// Without descriptors a client cannot be taken, and would end each wait at once.
TEST_F(ControlServerTest, PausesWhereItCannotTakeAClient) {
  const UniqueFd client = connected(path_);
  say(client, encode(ControlRequest::status) + "\n");
  // UBSan needs descriptors to look at the clock for the first time.
  server_->drop_slow_clients();
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const rlimit none{0, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  loop_.wait_and_handle(0);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  serve();
  EXPECT_FALSE(asked_) << "it listens on";
  const double pause = server_->drop_slow_clients();
  EXPECT_GT(pause, 0);
  EXPECT_LE(pause, 5);
  clock_.advance(pause);
  server_->drop_slow_clients();
  EXPECT_TRUE(reply_to(client));
  EXPECT_EQ(asked_, ControlRequest::status);
}

TEST_F(ControlServerTest, AnswersOneRequestAndHangsUp) {
  for (const auto request : {ControlRequest::status, ControlRequest::measure, ControlRequest::reload}) {
    const UniqueFd client = connected(path_);
    say(client, encode(request) + "\n");
    const auto reply = reply_to(client);
    ASSERT_TRUE(reply);
    EXPECT_EQ(*reply, reply_);
    EXPECT_EQ(asked_, request);
    EXPECT_TRUE(trusted_);  // the service's own user
  }
}

TEST_F(ControlServerTest, TakesARequestInPieces) {
  const UniqueFd client = connected(path_);
  for (const char c : encode(ControlRequest::status)) {
    say(client, std::string_view(&c, 1));
    serve();
    EXPECT_FALSE(asked_);
  }
  say(client, "\n");
  EXPECT_TRUE(reply_to(client));
  EXPECT_EQ(asked_, ControlRequest::status);
}

TEST_F(ControlServerTest, SendsAReplyThatFillsTheSocket) {
  DaemonStatus status;
  BuildStatus build;
  build.names.assign(30, std::string(1000, 'x'));
  status.builds.assign(8, build);
  reply_ = status;
  const UniqueFd client = connected(path_);
  say(client, encode(ControlRequest::status) + "\n");
  const auto reply = reply_to(client);
  ASSERT_TRUE(reply) << reply.error().text();
  EXPECT_EQ(*reply, reply_);
}

TEST_F(ControlServerTest, RefusesWhatItDoesNotUnderstand) {
  for (const char* text :
       {"\n", "status\n", "{}\n", "{\"schema\":1,\"request\":\"rm\"}\n", "[[[[[[\n", "\x00\xff\n"}) {
    const UniqueFd client = connected(path_);
    say(client, text);
    if (*text == '\0') say(client, "\n");
    EXPECT_EQ(refusal(client), RefusalKind::bad_request) << text;
  }
  EXPECT_FALSE(asked_);
}

TEST_F(ControlServerTest, RefusesWhatIsTooLong) {
  const UniqueFd endless = connected(path_);
  say(endless, std::string(max_control_request + 1, 'x'));
  EXPECT_EQ(refusal(endless), RefusalKind::too_long);
  const UniqueFd flood = connected(path_);
  say(flood, std::string(100'000, 'x') + "\n");
  EXPECT_EQ(refusal(flood), RefusalKind::too_long);
}

TEST_F(ControlServerTest, DropsWhoNeverSpeaks) {
  const UniqueFd silent = connected(path_);
  serve();
  EXPECT_LE(server_->drop_slow_clients(), 5);
  EXPECT_FALSE(heard(silent));
  clock_.advance(6);
  server_->drop_slow_clients();
  EXPECT_EQ(refusal(silent), RefusalKind::too_slow);
  EXPECT_GT(server_->drop_slow_clients(), 60);
}

TEST_F(ControlServerTest, DropsWhoNeverReads) {
  DaemonStatus status;
  BuildStatus build;
  build.names.assign(30, std::string(1000, 'x'));
  status.builds.assign(8, build);
  reply_ = status;
  const UniqueFd client = connected(path_);
  const int small = 2048;
  ::setsockopt(client.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  say(client, encode(ControlRequest::status) + "\n");
  serve();
  clock_.advance(6);
  server_->drop_slow_clients();
  EXPECT_GT(server_->drop_slow_clients(), 60);
}

TEST_F(ControlServerTest, TheOldestClientMakesRoom) {
  std::vector<UniqueFd> silent;
  for (int i = 0; i < 40; ++i) {
    silent.push_back(connected(path_));
    serve();
  }
  const UniqueFd client = connected(path_);
  say(client, encode(ControlRequest::status) + "\n");
  EXPECT_TRUE(reply_to(client));
  EXPECT_EQ(heard(silent.front()), "");
  EXPECT_FALSE(heard(silent.back()));
}

TEST_F(ControlServerTest, SurvivesClientsThatLeave) {
  for (int i = 0; i < 100; ++i) {
    const UniqueFd client = connected(path_);
    if (i % 3 == 0) say(client, encode(ControlRequest::status) + "\n");
    if (i % 3 == 1) say(client, "half");
    if (i % 2 == 0) serve();
  }
  serve();
  EXPECT_GT(server_->drop_slow_clients(), 60);  // nobody is left
}

TEST_F(ControlServerTest, EverybodyMayConnectAndTheNameGoesWithIt) {
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0666U);
  server_.reset();
  EXPECT_NE(::stat(path_.c_str(), &status), 0);
}

TEST_F(ControlServerTest, TakesTheNameOfAServiceThatWasKilledAndNothingElse) {
  const std::string dead = directory_.path("dead");
  {
    const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, dead.data(), dead.size());
    ASSERT_EQ(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  const auto answer = [](ControlRequest, bool) { return ControlReply{Accepted{}}; };
  EXPECT_TRUE(ControlServer::open(dead, loop_, clock_, answer));
  const std::string file = directory_.write("file", "precious");
  EXPECT_FALSE(ControlServer::open(file, loop_, clock_, answer));
  EXPECT_EQ(directory_.read("file"), "precious");
  EXPECT_FALSE(ControlServer::open(directory_.path(std::string(200, 'x')), loop_, clock_, answer));
  EXPECT_FALSE(ControlServer::open(directory_.path("absent/control"), loop_, clock_, answer));
}

}  // namespace
}  // namespace blastune
