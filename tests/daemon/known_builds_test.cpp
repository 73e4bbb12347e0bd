// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/known_builds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace blastune {
namespace {

FoundBuild found(const std::string& build_id, const std::string& path) {
  FoundBuild one;
  one.hello.build.version = {0, 3, 21};
  one.hello.build.threading = Threading::pthread;
  one.hello.build.max_threads = 64;
  one.hello.build.build_id = build_id;
  one.hello.build.path = path;
  one.hello.default_threads = 4;
  one.hello.setter = CountSetter::openblas;
  one.names = {"libopenblas.so.0", path};
  return one;
}

std::unique_ptr<BuildUpkeep> make(const WorkerHello& library) {
  UpkeepOptions options;
  options.plan.networks = {{{64, 32, 10}}};
  options.plan.grid_shapes = 2;
  options.plan.largest_batch = 64;
  options.plan.threads = 2;
  options.counts = {1, 2};
  return std::make_unique<BuildUpkeep>(library, Table{}, options, 1);
}

TEST(KnownBuilds, ABuildThatIsStillThereKeepsWhatIsKnownOfIt) {
  std::vector<KnownBuild> builds;
  auto first = reconcile(builds, {found("aa", "/a/lib.so"), found("bb", "/b/lib.so")}, {}, make);
  EXPECT_EQ(first.added, (std::vector<std::size_t>{0, 1}));
  EXPECT_TRUE(first.gone.empty());
  const BuildUpkeep* of_b = builds[1].upkeep.get();
  ASSERT_NE(of_b, nullptr);
  builds[1].checked_at = 42;
  builds[1].check_wanted = true;
  note_failure(builds[1], "it hangs", {10, 10});

  auto second = reconcile(builds, {found("cc", "/c/lib.so"), found("bb", "/elsewhere/lib.so")}, {}, make);
  EXPECT_EQ(second.added, std::vector<std::size_t>{0});
  ASSERT_EQ(second.gone.size(), 1U);
  EXPECT_EQ(second.gone[0].build_id, "aa");
  ASSERT_EQ(builds.size(), 2U);
  EXPECT_EQ(builds[0].found.hello.build.build_id, "cc");
  EXPECT_EQ(builds[1].upkeep.get(), of_b);
  EXPECT_EQ(builds[1].found.hello.build.path, "/elsewhere/lib.so");
  EXPECT_EQ(builds[1].checked_at, 42);
  EXPECT_TRUE(builds[1].check_wanted);
  EXPECT_EQ(builds[1].trouble, "it hangs");

  auto third = reconcile(builds, {}, {}, make);
  EXPECT_TRUE(third.added.empty());
  EXPECT_EQ(third.gone.size(), 2U);
  EXPECT_TRUE(builds.empty());
}

TEST(KnownBuilds, ABuildThatCouldNotBeLookedAtJustNowIsThereStill) {
  std::vector<KnownBuild> builds;
  reconcile(builds, {found("aa", "/a/lib.so"), found("bb", "/b/lib.so")}, {}, make);
  const Error passing{ErrorKind::unavailable, "out of descriptors", "", 24};
  const Error lasting{ErrorKind::not_found, "there is no /b/lib.so", ""};
  // As the loader says it, in a worker that lives.
  const Error refused{ErrorKind::unavailable, "cannot load libopenblas.so.0", ""};
  const auto outcome = reconcile(
      builds, {}, {{"libopenblas.so.0", refused}, {"/a/lib.so", passing}, {"/b/lib.so", lasting}}, make);
  ASSERT_EQ(builds.size(), 1U);
  EXPECT_EQ(builds[0].found.hello.build.build_id, "aa");
  EXPECT_NE(builds[0].upkeep, nullptr);
  ASSERT_EQ(outcome.gone.size(), 1U);
  EXPECT_EQ(outcome.gone[0].build_id, "bb");
  EXPECT_TRUE(outcome.added.empty());
}

TEST(KnownBuilds, WhatCannotBeTunedIsKnownWithItsReason) {
  FoundBuild serial = found("aa", "/a");
  serial.hello.build.threading = Threading::serial;
  FoundBuild fixed = found("bb", "/b");
  fixed.hello.setter = CountSetter::none;
  FoundBuild single = found("cc", "/c");
  single.hello.build.max_threads = 1;
  FoundBuild strange = found("\xff\xfe", "/d");  // no table with it could be written
  std::vector<KnownBuild> builds;
  const auto outcome = reconcile(builds, {serial, fixed, single, strange}, {}, make);
  EXPECT_EQ(outcome.added.size(), 4U);
  for (const KnownBuild& build : builds) {
    EXPECT_EQ(build.upkeep, nullptr);
    const BuildStatus status = status_of(build, {1, 1}, 3600);
    EXPECT_EQ(status.state, BuildState::unusable);
    EXPECT_EQ(status.reason, reason_untunable(build.found.hello));
    EXPECT_NE(status.reason, "");
  }
  for (const BuildView& view : views(builds, {1, 1})) EXPECT_FALSE(view.usable);
  EXPECT_EQ(reason_untunable(found("dd", "/d").hello), "");
}

TEST(KnownBuilds, FailuresAreLeftAloneForLongerEachTimeUpToAboutAnHour) {
  std::vector<KnownBuild> builds;
  reconcile(builds, {found("aa", "/a")}, {}, make);
  KnownBuild& build = builds[0];
  Instant now{1000, 5000};
  double last = 0;
  for (int i = 0; i < 12; ++i) {
    note_failure(build, "failure " + std::to_string(i), now);
    const double pause = build.left_alone_until - now.awake;
    EXPECT_GE(pause, i == 0 ? 60 : std::min(2 * last, 3600.0));
    EXPECT_LE(pause, 2 * 3600);
    EXPECT_FALSE(views(builds, now)[0].usable);
    EXPECT_FALSE(views(builds, {build.left_alone_until - 0.1, 0})[0].usable);
    EXPECT_TRUE(views(builds, {build.left_alone_until, 0})[0].usable);
    EXPECT_EQ(views(builds, now)[0].usable_in, pause);
    EXPECT_EQ(views(builds, {build.left_alone_until + 1, 0})[0].usable_in, 0);
    const BuildStatus status = status_of(build, now, 3600);
    EXPECT_EQ(status.state, BuildState::unusable);
    EXPECT_EQ(status.reason, "failure " + std::to_string(i));
    now.awake = build.left_alone_until + 1;
    EXPECT_EQ(status_of(build, now, 3600).state, BuildState::waiting);
    last = pause;
  }
}

TEST(KnownBuilds, TellsTheSchedulerAndPeopleTheSame) {
  std::vector<KnownBuild> builds;
  reconcile(builds, {found("aa", "/a")}, {}, make);
  const Instant now{1000, 5000};
  BuildView view = views(builds, now)[0];
  BuildStatus status = status_of(builds[0], now, 3600);
  EXPECT_TRUE(view.usable);
  EXPECT_GT(view.uncertain, 0U);
  EXPECT_EQ(status.gemms - status.settled, static_cast<std::int64_t>(view.uncertain));
  EXPECT_EQ(status.curves, 0);
  EXPECT_EQ(status.names, std::vector<std::string>{"libopenblas.so.0"});
  EXPECT_FALSE(status.next_check_seconds);
  builds[0].checked_at = 4000;
  EXPECT_EQ(status_of(builds[0], now, 3600).next_check_seconds, 2600);
  EXPECT_EQ(status_of(builds[0], now, 60).next_check_seconds, 0);
  builds[0].check_wanted = true;
  EXPECT_EQ(status_of(builds[0], now, 3600).next_check_seconds, 0);
  EXPECT_TRUE(views(builds, now)[0].check_wanted);
  EXPECT_EQ(views(builds, now)[0].checked_at, 4000);
}

}  // namespace
}  // namespace blastune
