// SPDX-License-Identifier: BSD-3-Clause
//
// Programs that run with libblastune-preload.so before their libraries, and what they print.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/cpu_limits.h"
#include "tests/cli/run_program.h"
#include "tests/client/host.h"

namespace blastune::testing {

inline constexpr int users_count = 4;
// That, within the processors that the tester's machine has.
inline int limited_count() {
  return std::min(users_count, usable_processors(read_cpu_limits()));
}

struct Said {
  std::vector<std::string> lines;
  std::string messages;
};

inline std::string threads_of(const std::string& line) {
  const std::size_t colon = line.rfind(": ");
  return colon == std::string::npos ? line : line.substr(colon + 2);
}

inline std::string spy_module(const std::string& kind, const std::string& name) {
  return std::string(BLASTUNE_TEST_PRELOAD_DIR) + "/lib" + kind + "_" + name + ".so";
}
inline std::string spy(const std::string& name) {
  return spy_module("spy", name);
}

class Preload : public ::testing::Test {
 protected:
  Said run(std::vector<std::string> words) {
    words.insert(words.begin(), BLASTUNE_TEST_HOST);
    return run_command(std::move(words));
  }

  Said run_command(std::vector<std::string> words) {
    const Ended ended = run_program({std::move(words), environment_, ""});
    EXPECT_EQ(ended.status, 0) << ended.messages;
    std::istringstream out(ended.out);
    Said said;
    for (std::string line; std::getline(out, line);) said.lines.push_back(line);
    said.messages = ended.messages;
    return said;
  }

  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
  std::map<std::string, std::string> environment_{{"LD_PRELOAD", BLASTUNE_TEST_PRELOAD},
                                                  {"BLASTUNE_TABLE", table_},
                                                  {"BLASTUNE_LOAD", "0"},
                                                  {"PATH", "/usr/bin:/bin"},
                                                  {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
};

// All affixes that builds give their names, and both widths of integers.
inline constexpr const char* affixes[] = {"plain", "wide", "64_", "_64", "scipy", "scipy_64_", "scipy__64"};

}  // namespace blastune::testing
