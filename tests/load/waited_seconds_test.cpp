// SPDX-License-Identifier: BSD-3-Clause
#include "load/waited_seconds.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class WaitedSeconds : public testing::Test {
 protected:
  void thread(const std::string& name, const std::string& text) {
    std::filesystem::create_directory(directory_.path(name));
    std::ofstream(directory_.path(name + "/schedstat")) << text;
  }

  TemporaryDirectory directory_;
};

TEST_F(WaitedSeconds, AreTheSumOfAllThreads) {
  thread("10", "5000000 2000000 7\n");
  thread("11", "0 500000000 1\n");
  std::filesystem::create_directory(directory_.path("12"));  // has just ended
  thread("x", "1 9000000000 1\n");                           // no thread
  const auto waited = read_waited_seconds(directory_.path().c_str());
  ASSERT_TRUE(waited);
  EXPECT_DOUBLE_EQ(*waited, 0.502);
}

TEST_F(WaitedSeconds, AreReadForManyThreads) {
  for (int i = 0; i < 300; ++i) thread(std::to_string(1000 + i), "1 1000000 1\n");
  const auto waited = read_waited_seconds(directory_.path().c_str());
  ASSERT_TRUE(waited);
  EXPECT_NEAR(*waited, 0.3, 1e-9);
}

TEST_F(WaitedSeconds, AreNotKnownWhereTheKernelDoesNotCount) {
  EXPECT_FALSE(read_waited_seconds(directory_.path().c_str()));
  thread("10", "0 0 0\n");
  EXPECT_FALSE(read_waited_seconds(directory_.path().c_str()));
  EXPECT_FALSE(read_waited_seconds("/no/such/place"));
}

TEST_F(WaitedSeconds, NonsenseIsLeftOut) {
  thread("10", "5 1000000000 1\n");
  thread("11", "5 -1 1\n");
  thread("12", "five six seven\n");
  thread("13", "");
  const auto waited = read_waited_seconds(directory_.path().c_str());
  ASSERT_TRUE(waited);
  EXPECT_DOUBLE_EQ(*waited, 1);
}

TEST_F(WaitedSeconds, OfThisProcessNeverFallWhileItsThreadsStay) {
  // The kernel adds up what a thread ran when it is passed over, and this one may have begun just now.
  auto before = read_waited_seconds("/proc/self/task");
  for (int turns = 0; !before && turns < 1000; ++turns) {
    std::this_thread::yield();
    before = read_waited_seconds("/proc/self/task");
  }
  if (!before) GTEST_SKIP() << "this kernel does not count";
  const auto after = read_waited_seconds("/proc/self/task");
  ASSERT_TRUE(after);
  EXPECT_GE(*after, *before);
}

}  // namespace
}  // namespace blastune
