// SPDX-License-Identifier: BSD-3-Clause
//
// The stories of tests/daemon/stories.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/daemon/story.h"

namespace blastune {

inline std::vector<std::string> story_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(BLASTUNE_TEST_STORIES))
    names.push_back(entry.path().stem());
  std::sort(names.begin(), names.end());
  return names;
}

inline Story read_story(const std::string& name) {
  std::ifstream file(std::string(BLASTUNE_TEST_STORIES) + "/" + name + ".txt");
  std::stringstream text;
  text << file.rdbuf();
  const auto story = parse_story(text.str());
  EXPECT_TRUE(story) << story.error().text();
  return story ? *story : Story{1, {}};
}

}  // namespace blastune
