// SPDX-License-Identifier: BSD-3-Clause
//
// Every story of tests/daemon/stories, led with the scheduler alone.
#include <gtest/gtest.h>

#include <string>

#include "tests/daemon/read_story.h"
#include "tests/daemon/toy_service.h"

namespace blastune {
namespace {

class SchedulerLife : public testing::TestWithParam<std::string> {};

TEST_P(SchedulerLife, IsAsTheStoryExpects) {
  const ToyReport report = ToyService(read_story(GetParam()), {}).live();
  for (const std::string& problem : report.problems) ADD_FAILURE() << problem;
}

INSTANTIATE_TEST_SUITE_P(Stories, SchedulerLife, testing::ValuesIn(story_names()),
                         [](const auto& story) { return story.param; });

TEST(Story, RefusesWhatNobodyCanDo) {
  const char* const wrong[] = {"at 1h busy",
                               "at soon busy 1",
                               "busy 1",
                               "at 1h dance 2",
                               "at 1h expect happiness",
                               "at 1h expect slices > 3",
                               "at 1h library eaten pthread",
                               "at 1h flicker 1 on 2s",
                               "at -1h busy 1"};
  for (const char* line : wrong) EXPECT_FALSE(parse_story(std::string(line) + "\nuntil 1d")) << line;
  EXPECT_FALSE(parse_story("at 1h busy 1"));
}

TEST(Story, ReadsTimes) {
  EXPECT_EQ(*parse_story_time("1d2h3m4.5s"), 93784.5);
  EXPECT_EQ(*parse_story_time("-7200s"), -7200);
  EXPECT_EQ(*parse_story_time("+365d"), 365 * 86400.0);
  for (const char* wrong : {"", "s", "5", "1h2", "1x", "h1", "1.2.3s"}) {
    EXPECT_FALSE(parse_story_time(wrong)) << wrong;
  }
}

TEST(ScriptedMachine, IntegratesWhatOthersUse) {
  const auto story =
      parse_story("at 0s flicker 1.5 on 1s off 2s\nat 30s busy 3\nat 40s suspend 1h\nat 2h cpus 1\nuntil 3h");
  ASSERT_TRUE(story);
  ScriptedMachine machine(*story);
  const auto go = [&](double until) {
    while (machine.take_due() != nullptr) continue;
    while (machine.awake() < until) {
      machine.advance(until - machine.awake());
      while (machine.take_due() != nullptr) continue;
    }
  };
  go(30);
  EXPECT_NEAR(machine.others_seconds(), 15, 1e-3);
  go(40);
  EXPECT_NEAR(machine.others_seconds(), 35, 1e-3);
  EXPECT_NEAR(machine.passed(), 3640, 1e-6);
  go(3600);
  EXPECT_NEAR(machine.passed(), 7200, 1e-6);
  go(3610);
  EXPECT_NEAR(machine.others_seconds(), 35 + 2 * 3560 + 10, 1e-3);
}

}  // namespace
}  // namespace blastune
