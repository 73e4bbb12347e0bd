// SPDX-License-Identifier: BSD-3-Clause
#include "load/running_now.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class RunningNow : public testing::Test {
 protected:
  RunningNow() { std::filesystem::create_directory(tasks_); }
  void thread(const std::string& name, const std::string& text) const {
    std::filesystem::create_directory(tasks_ + "/" + name);
    std::ofstream(tasks_ + "/" + name + "/stat") << text;
  }
  void loadavg(const std::string& text) const { std::ofstream(loadavg_) << text; }
  [[nodiscard]] std::optional<int> others() const {
    return read_running_others(loadavg_.c_str(), tasks_.c_str());
  }

  TemporaryDirectory directory_;
  std::string tasks_ = directory_.path("task");
  std::string loadavg_ = directory_.path("loadavg");
};

TEST_F(RunningNow, AreThoseThatAreNotOurOwn) {
  loadavg("0.20 0.18 0.12 5/80 11206\n");
  thread("10", "10 (python3) R 1 1 1");
  thread("11", "11 (a) R) b) R 1 1 1");
  thread("12", "12 (R) S 1 1 1");
  EXPECT_EQ(others(), 3);
}

TEST_F(RunningNow, AreNeverFewerThanNone) {
  loadavg("0.20 0.18 0.12 1/80 11206\n");
  thread("10", "10 (python3) R 1 1 1");
  thread("11", "11 (python3) R 1 1 1");
  EXPECT_EQ(others(), 0);
}

TEST_F(RunningNow, AreNotKnownWhereTheKernelDoesNotTell) {
  EXPECT_FALSE(others());
  for (const char* text : {"", "\n", "0.2 0.1", "0.2 0.1 0.1 x/80 1", "0.2 0.1 0.1 -3/80 1",
                           "0.2 0.1 0.1 /80 1", "0.2 0.1 0.1 99999999999999999999/80 1"}) {
    loadavg(text);
    EXPECT_FALSE(others()) << text;
  }
  loadavg("0.20 0.18 0.12 5/80 11206\n");
  EXPECT_EQ(others(), 5);
  EXPECT_FALSE(read_running_others(loadavg_.c_str(), "/no/such/place"));
}

TEST_F(RunningNow, AreReadFromTheRealKernel) {
  const auto now = read_running_others("/proc/loadavg", "/proc/self/task");
  ASSERT_TRUE(now);
  EXPECT_GE(*now, 0);
}

}  // namespace
}  // namespace blastune
