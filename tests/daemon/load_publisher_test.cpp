// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/load_publisher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/clock.h"
#include "tests/base/kernel_tree.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

TEST(PublishingPace, IsQuickWhileTheMachineIsUsedAndSlowElse) {
  ManualClock clock;
  clock.advance(100);
  PublishingPace pace;
  double busy = 1000;
  const auto publish = [&](double used) {
    busy += used;
    pace.published(clock.monotonic_seconds(), {4, busy, 0});
    return pace.seconds_until_due(clock.monotonic_seconds());
  };
  EXPECT_EQ(pace.seconds_until_due(clock.monotonic_seconds()), 0);
  EXPECT_NEAR(publish(0), PublishingPace::used_seconds, 1e-9) << "nothing to compare with";
  clock.advance(0.1);
  EXPECT_EQ(pace.seconds_until_due(clock.monotonic_seconds()), 0);
  EXPECT_NEAR(publish(0.02), PublishingPace::idle_seconds, 1e-9);
  clock.advance(1.5);
  EXPECT_NEAR(pace.seconds_until_due(clock.monotonic_seconds()), 0.5, 1e-9);
  clock.advance(0.5);
  EXPECT_NEAR(publish(1.1), PublishingPace::used_seconds, 1e-9);
  clock.advance(0.1);
  EXPECT_NEAR(publish(0.4), PublishingPace::used_seconds, 1e-9);
  clock.advance(0.1);
  EXPECT_NEAR(publish(0.04), PublishingPace::idle_seconds, 1e-9);
}

TEST(PublishingPace, AnIdleMachineIsWokenRarely) {
  ManualClock clock;
  PublishingPace pace;
  int woken = 0;
  while (clock.monotonic_seconds() < 3600) {
    pace.published(clock.monotonic_seconds(), {4, clock.monotonic_seconds() * 0.05, 0});
    ++woken;
    clock.advance(pace.seconds_until_due(clock.monotonic_seconds()));
  }
  EXPECT_LE(woken, 1802);
}

TEST(PublishingPace, AfterAFailureItIsTriedAgain) {
  PublishingPace pace;
  pace.published(10, {4, 100, 0});
  pace.failed(10.1);
  EXPECT_NEAR(pace.seconds_until_due(10.1), PublishingPace::retry_seconds, 1e-9);
  pace.published(70.1, {4, 100, 0});
  EXPECT_NEAR(pace.seconds_until_due(70.1), PublishingPace::used_seconds, 1e-9);
}

class LoadPublisherTest : public testing::Test {
 protected:
  void use(int ticks) const {
    tree_.write("proc/stat", "cpu " + std::to_string(ticks) + " 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\nintr 1\n");
  }
  double publish() { return publisher_.publish_when_due(clock_.monotonic_seconds()); }
  std::optional<LoadNews> read() {
    reader_.refresh(directory_.path().c_str());
    return reader_.read(static_cast<std::int64_t>(clock_.monotonic_seconds() * 1e9));
  }

  KernelTree tree_;
  TemporaryDirectory directory_;
  RealFileSystem files_;
  Log log_{false};
  ManualClock clock_;
  LoadPublisher publisher_{files_, log_, directory_.path(), tree_.root() + "/proc/stat"};
  LoadPageReader reader_;
};

TEST_F(LoadPublisherTest, WritesThePageWhenItIsDue) {
  clock_.advance(1000);
  use(1000);
  EXPECT_NEAR(publish(), 0.1, 1e-9);
  auto news = read();
  ASSERT_TRUE(news);
  EXPECT_NEAR(static_cast<double>(news->heartbeat), 1000e9, 1e3);
  EXPECT_EQ(news->use.processors, 2);
  const double busy = news->use.busy_seconds;
  EXPECT_GT(busy, 0);
  use(2000);
  clock_.advance(0.05);
  EXPECT_NEAR(publish(), 0.05, 1e-9);
  EXPECT_EQ(read()->use.busy_seconds, busy) << "not due yet";
  clock_.advance(0.06);
  EXPECT_NEAR(publish(), 0.1, 1e-6);
  EXPECT_EQ(read()->use.busy_seconds, 2 * busy);
  clock_.advance(0.11);
  EXPECT_NEAR(publish(), 2, 1e-6);
}

TEST_F(LoadPublisherTest, TellsOfAFailureOnceAndGoesOn) {
  const std::string path = directory_.path() + "/load";
  clock_.advance(1000);
  use(1000);
  std::filesystem::create_directory(path);
  testing::internal::CaptureStderr();
  EXPECT_NEAR(publish(), 60, 1e-9);
  clock_.advance(60);
  EXPECT_NEAR(publish(), 60, 1e-9);
  const std::string said = testing::internal::GetCapturedStderr();
  const auto told = said.find("programs cannot see the load");
  EXPECT_NE(told, std::string::npos) << said;
  EXPECT_EQ(said.find("programs cannot see the load", told + 1), std::string::npos) << said;
  std::filesystem::remove(path);
  clock_.advance(60);
  publish();
  EXPECT_TRUE(read());
  // Somebody tidies up.
  std::filesystem::remove(path);
  clock_.advance(2);
  publish();
  EXPECT_TRUE(read());
  tree_.remove("proc/stat");
  clock_.advance(2);
  EXPECT_NEAR(publish(), 60, 1e-9);
  EXPECT_FALSE(read()) << "its heartbeat stands still";
}

TEST_F(LoadPublisherTest, LeavesNothingBehind) {
  use(1);
  {
    LoadPublisher publisher(files_, log_, directory_.path(), tree_.root() + "/proc/stat");
    publisher.publish_when_due(5);
    EXPECT_TRUE(std::filesystem::exists(directory_.path() + "/load"));
  }
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace
}  // namespace blastune
