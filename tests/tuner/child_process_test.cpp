// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/child_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>

#include "tests/tuner/event_loop.h"

namespace blastune {
namespace {

using testing::is_ready;
using testing::open_descriptors;
using testing::seconds_until;

Result<ChildProcess> shell(const std::string& script) {
  return ChildProcess::start({"/bin/sh", {"-c", script}, clean_environment()});
}

// Reads until nothing will come any more; how often it had to.
int read_all(ChildProcess& child, std::string& bytes) {
  int turns = 1;
  for (; child.read_some(bytes); ++turns) wait_until_ready(child.ready_fd(), 60);
  return turns;
}

std::string end_of(ChildProcess& child) {
  while (true) {
    if (const auto end = child.try_end()) return *end;
    wait_until_ready(child.ready_fd(), seconds_until(child.end_deadline()));
  }
}

TEST(ChildProcess, SaysWhatItWroteAndHowItEnded) {
  auto child = shell("echo out; echo err >&2; exit 3");
  ASSERT_TRUE(child) << child.error().text();
  EXPECT_TRUE(std::isinf(child->end_deadline()));
  std::string bytes;
  read_all(*child, bytes);
  EXPECT_EQ(bytes, "out\n");
  EXPECT_EQ(end_of(*child), "exited with status 3");
  EXPECT_EQ(child->error_text(), "err");
  EXPECT_EQ(child->process(), -1);
  EXPECT_FALSE(is_ready(child->ready_fd()));
}

TEST(ChildProcess, SaysHowItEndedAlsoUnderAParentThatWasTaughtToIgnoreChildren) {
  ::signal(SIGCHLD, SIG_IGN);
  keep_ended_children();
  auto child = shell("exit 3");
  ASSERT_TRUE(child) << child.error().text();
  std::string bytes;
  read_all(*child, bytes);
  EXPECT_EQ(end_of(*child), "exited with status 3");
}

TEST(ChildProcess, OneThatFloodsItsErrorsIsNotHeardForEver) {
  auto child = shell("exec yes complaint >&2");
  ASSERT_TRUE(child) << child.error().text();
  const auto written = [&] {
    std::ifstream counters("/proc/" + std::to_string(child->process()) + "/io");
    std::string name;
    std::int64_t value = 0;
    while (counters >> name >> value && name != "wchar:") continue;
    return value;
  };
  constexpr std::int64_t enough = std::int64_t{1} << 20U;
  std::string bytes;
  // As long as it takes to write that much; then it would have the time to write far more.
  int turns_after = 0;
  for (int turns = 0; turns < 60'000 && turns_after < 2000 && written() < 4 * enough; ++turns) {
    (void)child->read_some(bytes);
    wait_until_ready(child->ready_fd(), 0.001);
    if (written() >= enough) ++turns_after;
  }
  EXPECT_EQ(turns_after, 2000);
  EXPECT_FALSE(is_ready(child->ready_fd()));
  EXPECT_NE(child->error_text().find("complaint"), std::string::npos);
  EXPECT_NE(end_of(*child).find("killed by signal 9"), std::string::npos);
}

TEST(ChildProcess, OneThatWantsNothingIsNotReady) {
  auto child = shell("exec sleep 600");
  ASSERT_TRUE(child);
  EXPECT_FALSE(is_ready(child->ready_fd()));
  std::string bytes;
  EXPECT_TRUE(child->read_some(bytes));
  EXPECT_FALSE(child->try_end()) << "it has a moment to end by itself";
  EXPECT_EQ(end_of(*child), "was killed by signal 9 (Killed)");
}

TEST(ChildProcess, ClosedPipesAreReadyOnce) {
  auto child = shell("exec >&- 2>&-; exec sleep 600");
  ASSERT_TRUE(child);
  std::string bytes;
  EXPECT_LE(read_all(*child, bytes), 10);
  // The other pipe may be closed a moment later.
  int turns = 0;
  for (; turns < 10; ++turns) {
    wait_until_ready(child->ready_fd(), 0.1);
    if (!is_ready(child->ready_fd())) break;
    EXPECT_FALSE(child->read_some(bytes));
  }
  EXPECT_LT(turns, 10);
}

TEST(ChildProcess, TellsOfRoomOnlyWhenSomethingIsLeftOver) {
  const std::string bytes(std::size_t{8} * 1024 * 1024, 'x');
  auto deaf = shell("exec sleep 600");
  ASSERT_TRUE(deaf);
  EXPECT_FALSE(is_ready(deaf->ready_fd())) << "there is room, and nobody wants it";
  EXPECT_LT(deaf->write_some(bytes), bytes.size());
  EXPECT_FALSE(is_ready(deaf->ready_fd())) << "there is none";

  auto child = shell("cat >/dev/null; exec sleep 600");
  ASSERT_TRUE(child);
  std::size_t sent = child->write_some(bytes);
  while (sent < bytes.size()) {
    wait_until_ready(child->ready_fd(), 60);
    ASSERT_TRUE(is_ready(child->ready_fd()));
    sent += child->write_some(std::string_view(bytes).substr(sent));
  }
  EXPECT_FALSE(is_ready(child->ready_fd()));
}

TEST(ChildProcess, AReaderThatIsGoneIsNoRoom) {
  auto child = shell("read line; exec <&-; echo gone; exec sleep 600");
  ASSERT_TRUE(child);
  const std::string bytes = '\n' + std::string(std::size_t{8} * 1024 * 1024, 'x');
  EXPECT_LT(child->write_some(bytes), bytes.size());
  std::string answer;
  while (answer != "gone\n") {
    wait_until_ready(child->ready_fd(), 60);
    ASSERT_TRUE(child->read_some(answer));
  }
  EXPECT_TRUE(is_ready(child->ready_fd())) << "what is left over cannot go";
  EXPECT_EQ(child->write_some(bytes), 0U);
  EXPECT_FALSE(is_ready(child->ready_fd()));
}

TEST(ChildProcess, AnHeirOfItsPipesDoesNotKeepItsClientWaiting) {
  auto child = shell("sleep 5 & exit 5");
  ASSERT_TRUE(child);
  std::string bytes;
  EXPECT_LE(read_all(*child, bytes), 10);
  EXPECT_FALSE(is_ready(child->ready_fd())) << "its end was noticed";
  EXPECT_EQ(end_of(*child), "exited with status 5");
  EXPECT_FALSE(is_ready(child->ready_fd()));
}

TEST(ChildProcess, LeavesNothingBehind) {
  const auto before = open_descriptors();
  for (const char* script : {"exec sleep 600", "exit 0", "exec >&- 2>&-; exec sleep 600"}) {
    auto child = shell(script);
    ASSERT_TRUE(child);
    std::string bytes;
    (void)child->read_some(bytes);
    auto other = shell(script);
    ASSERT_TRUE(other);
    *child = std::move(*other);
    EXPECT_GT(child->process(), 0);
    (void)child->try_end();
  }
  EXPECT_FALSE(ChildProcess::start({"/no/such/program", {}, {}}));
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD) << "no zombie";
}

}  // namespace
}  // namespace blastune
