// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune run` from outside.
#include <gtest/gtest.h>

#include "tests/cli/run_program.h"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

namespace blastune::testing {
namespace {

class Run : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words) {
    words.insert(words.begin(), {BLASTUNE_PROGRAM, "run"});
    return run_program({std::move(words), environment_, ""});
  }

  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
  std::map<std::string, std::string> environment_{
      {"BLASTUNE_TABLE", table_}, {"PATH", "/usr/bin:/bin"}, {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
};

TEST_F(Run, TheProgramsMultipliesUseTheTable) {
  const std::string spy = std::string(BLASTUNE_TEST_PRELOAD_DIR) + "/libspy_plain.so";
  const std::string calls = std::string(BLASTUNE_TEST_PRELOAD_DIR) + "/libcalls_plain.so";
  save({make_table(LoadedBlas(spy).build(), 1)}, table_);
  for (const bool marked : {true, false}) {
    std::vector<std::string> words = {BLASTUNE_TEST_HOST, calls};
    if (marked) words.insert(words.begin(), "--");
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 0) << ended.messages;
    EXPECT_NE(ended.out.find("dgemm_ 11 78 78 100 500 784 100 784 100 2.5: 1 threads"), std::string::npos)
        << ended.out;
    EXPECT_EQ(ended.messages, "");
  }
}

TEST_F(Run, WordsOfTheProgramAreNotLookedAt) {
  const Ended ended = run({"printf", "%s|", "--no-inherit", "--help", "--", "-x", ""});
  EXPECT_EQ(ended.out, "--no-inherit|--help|--|-x||");
}

TEST_F(Run, ChildrenInheritUnlessTheyMayNot) {
  const std::string tell = "echo \"$LD_PRELOAD|$BLASTUNE_NO_INHERIT\"";
  EXPECT_EQ(run({"sh", "-c", tell}).out, std::string(BLASTUNE_TEST_PRELOAD) + "|\n");
  EXPECT_EQ(run({"--no-inherit", "sh", "-c", tell}).out, "|\n");
  environment_["LD_PRELOAD"] = BLASTUNE_TEST_OTHER_PRELOAD;
  EXPECT_EQ(run({"--no-inherit", "--", "sh", "-c", tell}).out,
            std::string(BLASTUNE_TEST_OTHER_PRELOAD) + "|\n");
  EXPECT_EQ(run({"sh", "-c", tell}).out,
            std::string(BLASTUNE_TEST_OTHER_PRELOAD) + ":" + BLASTUNE_TEST_PRELOAD + "|\n");
}

TEST_F(Run, EndsAsTheProgramDoes) {
  EXPECT_EQ(run({"sh", "-c", "exit 7"}).status, 7);
  EXPECT_EQ(run({"sh", "-c", "kill -9 $$"}).status, 128 + 9);
  EXPECT_EQ(run({"/nowhere/at-all"}).status, 127);
  const Ended directory = run({"/tmp"});
  EXPECT_EQ(directory.status, 126);
  EXPECT_NE(directory.messages.find("cannot run \"/tmp\""), std::string::npos) << directory.messages;
  const Ended nothing = run({});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_NE(nothing.messages.find("blastune run --"), std::string::npos) << nothing.messages;
}

}  // namespace
}  // namespace blastune::testing
