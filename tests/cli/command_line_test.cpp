// SPDX-License-Identifier: BSD-3-Clause
#include "cli/command_line.h"

#include <gtest/gtest.h>

#include <iostream>
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
  CommandLine line_{"painter", "Paints", "1.2"};
};

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
