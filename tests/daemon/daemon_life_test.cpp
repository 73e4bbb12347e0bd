// SPDX-License-Identifier: BSD-3-Clause
//
// Every story of tests/daemon/stories, led with the daemon itself.
#include "tests/daemon/daemon_life.h"

#include <gtest/gtest.h>

#include "tests/daemon/read_story.h"

namespace blastune {
namespace {

class WholeDaemon : public testing::TestWithParam<std::string> {};

TEST_P(WholeDaemon, IsAsTheStoryExpects) {
  DaemonLife life(read_story(GetParam()),
                  {BLASTUNE_TEST_DAEMON, BLASTUNE_TEST_SIMULATED_WORKER, BLASTUNE_TEST_SIMULATED_TIME});
  const auto problems = life.live();
  for (const std::string& problem : problems) ADD_FAILURE() << problem;
  if (!problems.empty()) std::cout << life.log();
}

INSTANTIATE_TEST_SUITE_P(Stories, WholeDaemon, testing::ValuesIn(story_names()),
                         [](const auto& story) { return story.param; });

}  // namespace
}  // namespace blastune
