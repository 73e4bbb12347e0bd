// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <iostream>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"

namespace blastune {
namespace {

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    line_.option("--shade", shade_, "of the walls", "NAME");
    Verb paint = line_.add_verb("paint", "Paint a room");
    paint.option("--room", room_, "which room", "ROOM");
    paint.flag("--twice", twice_, "two coats");
    paint.word("brush", brush_, "with what");
    paint.does([](const Session&) -> Result<ExitStatus> { return exit_interrupted; });
    Verb call = line_.add_verb("call", "Call somebody");
    call.flag("--loudly", loudly_, "so that all hear it");
    call.flag_with_value("--shout", shout_, "at once", "how loud", "LEVEL");
    call.option("--name", name_, "whom", "NAME");
    call.rest("words", words_, "what to say");
    call.does([](const Session&) -> Result<ExitStatus> { return exit_done; });
    line_.add_verb("rest", "Do nothing").does([](const Session&) -> Result<ExitStatus> { return exit_done; });
  }

  Result<CommandLine::Request> parse(std::vector<const char*> words) {
    words.insert(words.begin(), "painter");
    return line_.parse(static_cast<int>(words.size()), words.data());
  }
  std::string complaint(std::vector<const char*> words) {
    const auto request = parse(std::move(words));
    if (request) return "understood";
    EXPECT_EQ(request.error().kind, ErrorKind::usage);
    return request.error().text();
  }

  std::string shade_ = "white";
  std::string room_;
  std::string brush_;
  bool twice_ = false;
  bool loudly_ = false;
  std::string name_;
  std::vector<std::string> words_;
  std::optional<std::string> shout_;
  CommandLine line_{"painter", "Paints", "1.2"};
};

// A line can be parsed once.
class Another : public CommandLineTest {
 public:
  using CommandLineTest::loudly_;
  using CommandLineTest::name_;
  using CommandLineTest::parse;
  using CommandLineTest::shade_;
  using CommandLineTest::shout_;
  using CommandLineTest::words_;
  void TestBody() override {}
};

TEST_F(CommandLineTest, TheRestIsNotLookedAt) {
  using Words = std::vector<std::string>;
  for (const char* mark : {"", "--"}) {
    std::vector<const char*> words = {"call", "--name", "her", "--shade=green", "--loudly", "hello"};
    if (*mark != '\0') words.insert(words.end() - 1, mark);
    for (const char* more : {"--loudly", "--help", "--", "-x", "--shade", "rest"}) words.push_back(more);
    Another other;
    const auto request = other.parse(words);
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(other.words_, Words({"hello", "--loudly", "--help", "--", "-x", "--shade", "rest"}));
    EXPECT_TRUE(other.loudly_);
    EXPECT_EQ(other.name_, "her");
    EXPECT_EQ(other.shade_, "green");
  }
}

TEST_F(CommandLineTest, AFlagsValueIsOnlyWhatIsBehindTheSign) {
  using Words = std::vector<std::string>;
  const std::vector<std::pair<std::vector<const char*>, std::optional<std::string>>> cases = {
      {{"call", "hello"}, std::nullopt},
      {{"call", "--shout", "hello"}, "at once"},
      {{"call", "--shout", "--", "hello"}, "at once"},
      {{"call", "--shout=true", "hello"}, "true"},
      {{"call", "--shout=a b=c", "--loudly", "hello"}, "a b=c"}};
  for (const auto& [words, shout] : cases) {
    Another other;
    const auto request = other.parse(words);
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_EQ(other.shout_, shout);
    EXPECT_EQ(other.words_, Words({"hello"}));
  }
  const auto help = parse({"call", "--help"});
  ASSERT_TRUE(help);
  EXPECT_NE(help->text.find("--shout[=LEVEL] "), std::string::npos) << help->text;
}

TEST_F(CommandLineTest, TheRestMayBeMissing) {
  ASSERT_TRUE(parse({"call", "--loudly"}));
  EXPECT_TRUE(words_.empty());
  EXPECT_NE(complaint({"call", "--lowdly", "hello"}).find("--loudly"), std::string::npos);
}

TEST_F(CommandLineTest, OptionsReachTheVerbThatWasNamed) {
  const auto request = parse({"paint", "--room=hall", "--twice", "broad", "--shade", "green"});
  ASSERT_TRUE(request) << request.error().text();
  EXPECT_EQ(room_, "hall");
  EXPECT_EQ(brush_, "broad");
  EXPECT_TRUE(twice_);
  EXPECT_EQ(shade_, "green");
  RealFileSystem files;
  SystemClock clock;
  const Session session{std::cout, std::cerr, files, clock, ColorMode::never, {}};
  ASSERT_TRUE(request->action);
  const auto status = request->action(session);
  ASSERT_TRUE(status);
  EXPECT_EQ(*status, exit_interrupted);
}

TEST_F(CommandLineTest, WithoutAVerbItIsTheHelp) {
  const auto request = parse({});
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->action);
  EXPECT_NE(request->text.find("Paint a room"), std::string::npos);
  EXPECT_EQ(shade_, "white");
}

TEST_F(CommandLineTest, HelpAndVersionAreText) {
  const auto version = parse({"--version"});
  ASSERT_TRUE(version);
  EXPECT_EQ(version->text, "painter 1.2\n");
  EXPECT_FALSE(version->action);
}

TEST_F(CommandLineTest, HelpOfAVerbNamesItsOptions) {
  const auto help = parse({"paint", "--help"});
  ASSERT_TRUE(help);
  EXPECT_FALSE(help->action);
  EXPECT_NE(help->text.find("--room ROOM"), std::string::npos) << help->text;
}

TEST_F(CommandLineTest, WhatIsNotUnderstoodIsNamedWithWhatWasProbablyMeant) {
  EXPECT_NE(complaint({"paint", "--rooom=hall"}).find("did you mean '--room'"), std::string::npos);
}

TEST_F(CommandLineTest, SoIsAVerb) {
  EXPECT_NE(complaint({"piant"}).find("did you mean 'paint'"), std::string::npos);
}

TEST_F(CommandLineTest, AValueMustFollowItsOption) {
  const std::string text = complaint({"paint", "--room"});
  EXPECT_TRUE(text.starts_with("--room needs a value")) << text;
  EXPECT_NE(text.find("`painter paint --help`"), std::string::npos) << text;
}

}  // namespace
}  // namespace blastune
