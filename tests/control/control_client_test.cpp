// SPDX-License-Identifier: BSD-3-Clause
#include "control/control_client.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

#include <cstdlib>
#include <memory>

#include "tests/base/temporary_directory.h"
#include "tests/control/sample_status.h"
#include "tests/control/scripted_server.h"

namespace blastune {
namespace {

using testing::sample_status;
using testing::ScriptedServer;

constexpr double long_enough = 30;  // never waited for

class ControlClient : public ::testing::Test {
 protected:
  Result<ControlReply> ask(ScriptedServer::Script script, double seconds = long_enough) {
    ::unlink(path_.c_str());
    const ScriptedServer server(path_, std::move(script));
    EXPECT_TRUE(server.ready());
    return ask_daemon(path_, ControlRequest::status, seconds);
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_.path("control");
};

TEST_F(ControlClient, SendsOneLineAndTakesOne) {
  std::string asked;
  const auto reply = ask([&](int client) {
    asked = ScriptedServer::read_line(client);
    ScriptedServer::write_all(client, encode(sample_status()) + "\n");
  });
  EXPECT_EQ(asked, encode(ControlRequest::status));
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_TRUE(*reply == ControlReply(sample_status()));
}

TEST_F(ControlClient, TakesAnAnswerInPieces) {
  const auto reply = ask([](int client) {
    ScriptedServer::read_line(client);
    for (const char byte : encode(Accepted{"it is done"}) + "\n") {
      ScriptedServer::write_all(client, std::string(1, byte));
    }
    ScriptedServer::wait_for_end(client);  // The line's end is the answer's, not the connection's.
  });
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_EQ(std::get<Accepted>(*reply).message, "it is done");
}

TEST_F(ControlClient, ARefusalBeforeTheRequestIsStillHeard) {
  const auto reply = ask([](int client) {
    ScriptedServer::write_all(client, encode(Refusal{RefusalKind::busy, "too many"}) + "\n");
  });
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_EQ(std::get<Refusal>(*reply).kind, RefusalKind::busy);
}

TEST_F(ControlClient, TheLongestAnswerArrives) {
  DaemonStatus status = sample_status();
  const std::string text(1000, 'w');
  status.config_warnings.assign(64, text);
  status.unusable.assign(64, {text, text});
  ASSERT_GT(encode(status).size(), std::size_t{180} * 1024);
  const auto reply = ask(ScriptedServer::answer(encode(status)));
  ASSERT_TRUE(reply.ok()) << reply.error().text();
  EXPECT_TRUE(*reply == ControlReply(status));
}

TEST_F(ControlClient, SaysWhoIsNotThere) {
  const auto nothing = ask_daemon(path_, ControlRequest::status, long_enough);
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
  EXPECT_NE(nothing.error().what.find(path_), std::string::npos);
  // The system's own service is another one.
  EXPECT_NE(nothing.error().remedy.find("--runtime-directory " + directory_.path() + "`"), std::string::npos);
  EXPECT_EQ(nothing.error().remedy.find("systemctl"), std::string::npos);

  {
    const ScriptedServer left_behind(path_, [](int) {});
  }
  const auto dead = ask_daemon(path_, ControlRequest::status, long_enough);
  ASSERT_FALSE(dead.ok());
  EXPECT_EQ(dead.error().kind, ErrorKind::not_found);
  EXPECT_NE(dead.error().what.find("nobody listens"), std::string::npos) << dead.error().what;

  const std::string file = directory_.write("file", "x");
  EXPECT_EQ(ask_daemon(file, ControlRequest::status, long_enough).error().kind, ErrorKind::not_found);
  EXPECT_EQ(ask_daemon(file + "/control", ControlRequest::status, long_enough).error().kind,
            ErrorKind::not_found);
  for (const std::string& path : {std::string(), std::string(108, 'x'), std::string("a\0b", 3)}) {
    EXPECT_EQ(ask_daemon(path, ControlRequest::status, long_enough).error().kind, ErrorKind::usage);
  }
}

TEST_F(ControlClient, HangsUpOnWhatIsNoAnswer) {
  struct Case {
    std::string bytes;
    ErrorKind kind;
  };
  const std::string whole = encode(sample_status());
  const std::vector<Case> cases{
      {"", ErrorKind::unavailable},
      {whole.substr(0, whole.size() / 2), ErrorKind::invalid_data},
      {whole, ErrorKind::invalid_data},  // without the line's end
      {"\n", ErrorKind::invalid_data},
      {"HTTP/1.1 400 Bad Request\r\n", ErrorKind::invalid_data},
      {std::string(1024, '\xff') + "\n", ErrorKind::invalid_data},
      {std::string(1U << 20U, 'x'), ErrorKind::invalid_data},  // and never an end
  };
  for (const auto& one : cases) {
    const auto reply = ask([&](int client) {
      ScriptedServer::read_line(client);
      ScriptedServer::write_all(client, one.bytes);
    });
    ASSERT_FALSE(reply.ok()) << one.bytes.substr(0, 60);
    EXPECT_EQ(reply.error().kind, one.kind) << one.bytes.substr(0, 60) << reply.error().text();
    EXPECT_FALSE(reply.error().remedy.empty());
  }
}

TEST_F(ControlClient, WaitsNoLongerThanItIsTold) {
  // Says nothing; says a part; dribbles for ever.
  const std::vector<ScriptedServer::Script> slow{[](int client) { ScriptedServer::wait_for_end(client); },
                                                 [](int client) {
                                                   ScriptedServer::write_all(client, "{\"schema\":");
                                                   ScriptedServer::wait_for_end(client);
                                                 },
                                                 [](int client) {
                                                   pollfd polled{client, POLLRDHUP, 0};
                                                   for (int i = 0; i < 5000 && ::poll(&polled, 1, 2) == 0;
                                                        ++i)
                                                     ScriptedServer::write_all(client, " ");
                                                 }};
  for (const auto& script : slow) {
    const auto reply = ask(script, 0.05);
    ASSERT_FALSE(reply.ok());
    EXPECT_EQ(reply.error().kind, ErrorKind::timed_out) << reply.error().text();
  }
}

TEST_F(ControlClient, AFullQueueIsATimeOut) {
  std::atomic<bool> go_on = false;
  {
    const ScriptedServer server(path_, [&](int client) {
      while (!go_on) ::usleep(1000);
      ScriptedServer::write_all(client, "\n");
    });
    std::vector<UniqueFd> waiting;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path_.begin(), path_.end(), std::begin(address.sun_path));
    for (int i = 0; i < 64; ++i) {
      waiting.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      if (::connect(waiting.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        break;
      }
    }
    const auto reply = ask_daemon(path_, ControlRequest::status, 0.05);
    EXPECT_FALSE(reply.ok());
    EXPECT_TRUE(reply.ok() || reply.error().kind == ErrorKind::timed_out);
    go_on = true;
  }
}

TEST_F(ControlClient, SignalsDoNotDisturb) {
  struct sigaction action {};
  action.sa_handler = [](int) {};
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const pthread_t asking = ::pthread_self();
  const auto reply = ask([asking](int client) {
    ScriptedServer::read_line(client);
    for (int i = 0; i < 50; ++i) {
      ::pthread_kill(asking, SIGUSR1);
      ::usleep(200);
    }
    ScriptedServer::write_all(client, encode(Accepted{}) + "\n");
  });
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(reply.ok());
}

TEST(ControlSocketPath, IsWhatTheEnvironmentSays) {
  ::unsetenv("BLASTUNE_RUNTIME_DIR");
  EXPECT_EQ(control_socket_path(), "/run/blastune/control");
  ::setenv("BLASTUNE_RUNTIME_DIR", "/tmp/here", 1);
  EXPECT_EQ(control_socket_path(), "/tmp/here/control");
  for (const char* ignored : {"", "relative"}) {
    ::setenv("BLASTUNE_RUNTIME_DIR", ignored, 1);
    EXPECT_EQ(control_socket_path(), "/run/blastune/control");
  }
  ::unsetenv("BLASTUNE_RUNTIME_DIR");
}

}  // namespace
}  // namespace blastune
