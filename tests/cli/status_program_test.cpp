// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune status` from outside, with a daemon of a few lines.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "control/control_message.h"
#include "store/table_file.h"
#include "tests/base/temporary_directory.h"
#include "tests/cli/run_program.h"
#include "tests/control/sample_status.h"
#include "tests/control/scripted_server.h"

namespace blastune::testing {
namespace {

using Json = nlohmann::json;

class StatusProgram : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words) {
    words.insert(words.begin(), {BLASTUNE_PROGRAM, "status"});
    return run_program({std::move(words), environment_, ""});
  }

  void serve(ScriptedServer::Script script) {
    server_ = std::make_unique<ScriptedServer>(directory_.path("control"), std::move(script));
    ASSERT_TRUE(server_->ready());
  }

  void save_a_table() {
    Table table;
    table.machine = {"Imaginary 8000", 8, 1, 1 << 20};
    table.build.version = {0, 3, 21};
    table.build.config = "OpenBLAS 0.3.21 MAX_THREADS=64";
    table.build.core_name = "Imaginary";
    table.build.threading = Threading::pthread;
    table.build.max_threads = 64;
    table.default_threads = 8;
    table.measured_unix = 1'700'000'000;
    RealFileSystem files;
    ASSERT_TRUE(save_tables(files, directory_.path("table.json"), {table}).ok());
  }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> environment_{{"BLASTUNE_TABLE", directory_.path("table.json")},
                                                  {"BLASTUNE_RUNTIME_DIR", directory_.path()},
                                                  {"PATH", "/usr/bin:/bin"}};
  std::unique_ptr<ScriptedServer> server_;
};

TEST_F(StatusProgram, PrintsWhatTheDaemonSays) {
  serve(ScriptedServer::answer(encode(sample_status())));
  const Ended text = run({});
  EXPECT_EQ(text.status, 0);
  EXPECT_EQ(text.messages, "");
  EXPECT_NE(text.out.find("24 of 824 gemms still uncertain"), text.out.npos) << text.out;
  const Ended json = run({"--json", "--socket", directory_.path("control")});
  EXPECT_EQ(json.status, 0);
  EXPECT_EQ(Json::parse(json.out)["daemon"]["process_id"], 812);
  EXPECT_EQ(std::ranges::count(json.out, '\n'), 1);
}

TEST_F(StatusProgram, WithoutADaemonTellsWhatTheTablesHold) {
  save_a_table();
  const Ended text = run({});
  EXPECT_EQ(text.status, 0);
  EXPECT_NE(text.out.find("OpenBLAS 0.3.21 pthread (Imaginary), another machine: Imaginary 8000"),
            text.out.npos)
      << text.out;
  EXPECT_NE(text.out.find(", checked never\n"), text.out.npos) << text.out;
  EXPECT_NE(text.messages.find("blastuned is not running"), text.out.npos) << text.messages;
  EXPECT_NE(text.messages.find("--runtime-directory"), text.out.npos) << text.messages;
  const Json json = Json::parse(run({"--json"}).out);
  EXPECT_TRUE(json["daemon"].is_null());
  ASSERT_EQ(json["tables"].size(), 1U);
  EXPECT_EQ(json["tables"][0]["measured_unix"], 1'700'000'000);
  EXPECT_EQ(json["tables"][0]["checked_unix"], 0);
  EXPECT_EQ(json["tables"][0]["of_this_machine"], false);
}

TEST_F(StatusProgram, ADirectoryThatIsNotAbsoluteIsTold) {
  environment_["BLASTUNE_RUNTIME_DIR"] = "run";
  EXPECT_NE(run({}).messages.find("BLASTUNE_RUNTIME_DIR is not an absolute path"), std::string::npos);
}

TEST_F(StatusProgram, WithNeitherDaemonNorTableEndsWithFive) {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{}, {"--json"}, {"--measure-now"}, {"--reload"}}) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 5);
    // Whoever reads JSON gets some.
    const bool is_json = words == std::vector<std::string>{"--json"};
    EXPECT_EQ(ended.out, is_json ? "{\"schema\":1,\"daemon\":null,\"tables\":[]}\n" : "");
    EXPECT_NE(ended.messages.find("blastuned is not running"), ended.messages.npos) << ended.messages;
  }
  directory_.write("table.json", "no table");
  const Ended damaged = run({});
  EXPECT_EQ(damaged.status, 5);
  EXPECT_NE(damaged.messages.find("table.json"), damaged.messages.npos) << damaged.messages;
  // A table tells of a daemon, it does not stand in for one.
  save_a_table();
  EXPECT_EQ(run({"--measure-now"}).status, 5);
}

TEST_F(StatusProgram, OrdersGoToTheDaemon) {
  std::string asked;
  serve([&](int client) {
    asked = ScriptedServer::read_line(client);
    ScriptedServer::write_all(client, encode(Accepted{"measures when it is quiet\x1b[2J"}) + "\n");
  });
  const Ended measure = run({"--measure-now"});
  EXPECT_EQ(measure.status, 0);
  EXPECT_EQ(measure.out, "");
  EXPECT_EQ(measure.messages, "blastune: measures when it is quiet?[2J\n");
  EXPECT_EQ(run({"--reload"}).status, 0);
  server_.reset();  // and with it its thread, which writes `asked`
  EXPECT_EQ(asked, encode(ControlRequest::reload));
}

TEST_F(StatusProgram, ARefusalIsAFailureWithItsReason) {
  serve(ScriptedServer::answer(encode(Refusal{RefusalKind::forbidden, "user 1000 may not"})));
  const Ended ended = run({"--reload"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.messages.find("refused (forbidden): user 1000 may not"), ended.messages.npos);
  EXPECT_NE(ended.messages.find("member of its group (blastune"), ended.messages.npos) << ended.messages;
}

TEST_F(StatusProgram, AnAnswerThatIsNoneIsAFailure) {
  for (const auto& line : {std::string("hello"), encode(Accepted{}), std::string(300'000, 'x')}) {
    server_.reset();
    std::filesystem::remove(directory_.path("control"));
    serve(ScriptedServer::answer(line));
    const Ended ended = run({});
    EXPECT_EQ(ended.status, 1) << ended.messages;
    EXPECT_EQ(ended.out, "");
    EXPECT_LE(std::ranges::count(ended.messages, '\n'), 2) << ended.messages;
  }
}

TEST_F(StatusProgram, WatchPrintsALineForEachChangeUntilInterrupted) {
  int looks = 0;
  serve([&](int client) {
    ScriptedServer::read_line(client);
    ucred peer{};
    socklen_t size = sizeof peer;
    ++looks;
    DaemonStatus status = sample_status();
    status.now_unix += looks;
    if (looks == 3) {
      status.activity = Activity::measuring;
      status.doing = "measures";
      if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0) ::kill(peer.pid, SIGINT);
    }
    ScriptedServer::write_all(client, encode(status) + "\n");
  });
  const Ended ended = run({"--watch"});
  EXPECT_EQ(ended.status, 0) << ended.messages;
  EXPECT_EQ(std::ranges::count(ended.out, '\n'), 2) << ended.out;
  EXPECT_NE(ended.out.find("  waits, since others"), ended.out.npos) << ended.out;
  EXPECT_NE(ended.out.find("  measures; 1 build, 24 gemms uncertain\n"), ended.out.npos) << ended.out;
  EXPECT_EQ(ended.messages, "");
}

TEST_F(StatusProgram, AsksOneThingAtATime) {
  for (const auto& words : std::vector<std::vector<std::string>>{
           {"--measure-now", "--reload"}, {"--watch", "--reload"}, {"--measure-now", "--json"}}) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 2);
    EXPECT_NE(ended.messages.find("--measure-now"), ended.messages.npos) << ended.messages;
  }
  EXPECT_EQ(run({"--socket", directory_.path(std::string(200, 'x'))}).status, 2);
}

}  // namespace
}  // namespace blastune::testing
