// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/options.h"

#include <gtest/gtest.h>

#include <vector>

namespace blastune {
namespace {

Result<DaemonOptions> parse(std::vector<std::string> words, const DaemonEnvironment& environment = {}) {
  words.insert(words.begin(), "blastuned");
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return parse_daemon_options(static_cast<int>(words.size()), pointers.data(), environment);
}

TEST(DaemonOptions, HaveTheSystemsPlacesByDefault) {
  const auto options = parse({});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->table_path, "/var/cache/blastune/table.json");
  EXPECT_EQ(options->runtime_directory, "/run/blastune");
  EXPECT_TRUE(options->config_directory.empty());
  EXPECT_FALSE(options->check_config || options->verbose || options->help || options->version);
}

TEST(DaemonOptions, TakeTheManagersDirectoriesAndTheUsersBeforeThem) {
  const DaemonEnvironment environment{"/c", "/r"};
  EXPECT_EQ(parse({}, environment)->table_path, "/c/table.json");
  EXPECT_EQ(parse({}, environment)->runtime_directory, "/r");
  const auto options =
      parse({"--table", "/t.json", "--runtime-directory=/q", "--config", "/e", "--verbose"}, environment);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->table_path, "/t.json");
  EXPECT_EQ(options->runtime_directory, "/q");
  EXPECT_EQ(options->config_directory, "/e");
  EXPECT_TRUE(options->verbose);
}

TEST(DaemonOptions, WrongWordsAreNamed) {
  const auto what = [](const std::vector<std::string>& words) {
    const auto options = parse(words);
    EXPECT_FALSE(options);
    return options ? std::string() : options.error().what;
  };
  EXPECT_NE(what({"--tabel", "x"}).find("--tabel"), std::string::npos);
  EXPECT_NE(what({"--verbose", "--nonsense"}).find("--nonsense"), std::string::npos);
  EXPECT_NE(what({"--table"}).find("--table needs a value"), std::string::npos);
  EXPECT_NE(what({"start"}).find("start"), std::string::npos);
  EXPECT_NE(what({"--help", "--nonsense"}).find("--nonsense"), std::string::npos);
  EXPECT_NE(what({"--table", ""}).find("--table"), std::string::npos);
  EXPECT_NE(what({"--runtime-directory="}).find("--runtime-directory"), std::string::npos);
  EXPECT_NE(what({"-x"}).find("-x"), std::string::npos);
}

TEST(DaemonOptions, EveryOptionIsInTheHelp) {
  const std::string help = daemon_help();
  for (const char* option :
       {"--config", "--check-config", "--table", "--runtime-directory", "--verbose", "--help", "--version"}) {
    EXPECT_NE(help.find(option), std::string::npos) << option;
  }
}

}  // namespace
}  // namespace blastune
