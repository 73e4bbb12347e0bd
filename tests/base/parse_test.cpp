// SPDX-License-Identifier: BSD-3-Clause
#include "base/parse.h"

#include <gtest/gtest.h>

#include <clocale>
#include <limits>

namespace blastune {
namespace {

using Integers = std::vector<std::int64_t>;

TEST(Parse, TakesIntegersWithinTheirBounds) {
  EXPECT_EQ(parse_integer("1", 1, 9, "--m").value(), 1);
  EXPECT_EQ(parse_integer("9", 1, 9, "--m").value(), 9);
  EXPECT_EQ(parse_integer("-3", -5, 5, "--m").value(), -3);
  const auto low = std::numeric_limits<std::int64_t>::min();
  const auto high = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(parse_integer("-9223372036854775808", low, high, "--m").value(), low);
  EXPECT_EQ(parse_integer("9223372036854775807", low, high, "--m").value(), high);
}

TEST(Parse, RefusesEverythingElseAsAnInteger) {
  for (const char* text : {"", " 1", "1 ", "0", "10", "+1", "1.0", "1e2", "0x1", "one", "1,000", "-",
                           "99999999999999999999", "-99999999999999999999"}) {
    EXPECT_FALSE(parse_integer(text, 1, 9, "--m")) << text;
  }
  EXPECT_FALSE(parse_integer(std::string_view("1\0", 2), 1, 9, "--m"));
}

TEST(Parse, NamesTheValueTheTextAndTheRange) {
  const auto result = parse_integer("abc", 1, 4096, "--threads");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::usage);
  EXPECT_EQ(result.error().what, "--threads: \"abc\" is not an integer from 1 to 4096");
}

TEST(Parse, TakesFiniteNumbersOnly) {
  EXPECT_DOUBLE_EQ(parse_number("0.02", 0, 1, "tolerance").value(), 0.02);
  EXPECT_DOUBLE_EQ(parse_number("1e-6", 0, 1, "tolerance").value(), 1e-6);
  for (const char* text : {"", "nan", "inf", "-inf", "1e999", "0x1p3", "1,5", "1.5.5", "-0.1", "1.1", " 1"}) {
    EXPECT_FALSE(parse_number(text, 0, 1, "tolerance")) << text;
  }
}

TEST(Parse, DoesNotAskTheLocale) {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  // Where such a locale is not installed, this still holds.
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  EXPECT_DOUBLE_EQ(parse_number("0.5", 0, 1, "x").value(), 0.5);
  EXPECT_FALSE(parse_number("0,5", 0, 1, "x"));
  std::setlocale(LC_ALL, before.c_str());
}

TEST(Parse, TakesDurationsWithUnits) {
  const auto seconds = [](std::string_view text) { return parse_duration(text, 0, 1e6, "--budget").value(); };
  EXPECT_DOUBLE_EQ(seconds("30"), 30);
  EXPECT_DOUBLE_EQ(seconds("30s"), 30);
  EXPECT_DOUBLE_EQ(seconds("500ms"), 0.5);
  EXPECT_DOUBLE_EQ(seconds("250us"), 250e-6);
  EXPECT_DOUBLE_EQ(seconds("2m"), 120);
  EXPECT_DOUBLE_EQ(seconds("1.5h"), 5400);
}

TEST(Parse, RefusesOtherDurations) {
  for (const char* text :
       {"", "s", "ms", "30 s", "30sec", "1m30s", "-1s", "1e999s", "1e308h", "infs", "2d", "nanm"}) {
    EXPECT_FALSE(parse_duration(text, 0, 1e6, "--budget")) << text;
  }
  const auto result = parse_duration("2h", 1, 3600, "--budget");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "--budget: \"2h\" is not a duration from 1s to 1h, like 30s or 2m");
}

TEST(Parse, TakesListsWithRanges) {
  const auto list = [](std::string_view text) {
    return parse_integer_list(text, 1, 100, 20, "--threads").value();
  };
  EXPECT_EQ(list("7"), Integers({7}));
  EXPECT_EQ(list("1-4,16"), Integers({1, 2, 3, 4, 16}));
  EXPECT_EQ(list("50,100,50"), Integers({50, 100, 50}));
  EXPECT_EQ(list("3-3"), Integers({3}));
}

TEST(Parse, RefusesOtherLists) {
  for (const char* text : {"", ",", "1,", ",1", "1,,2", "4-1", "1-", "-4", "1-2-3", "0", "101", "1-101",
                           "1;2", "a-b", "1 2", "1, 2"}) {
    EXPECT_FALSE(parse_integer_list(text, 1, 100, 20, "--threads")) << text;
  }
}

TEST(Parse, CapsTheLengthOfAListBeforeMakingIt) {
  const auto high = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(parse_integer_list("1-20", 1, high, 20, "x").value().size(), 20U);
  EXPECT_FALSE(parse_integer_list("1-21", 1, high, 20, "x"));
  EXPECT_FALSE(parse_integer_list("1-20,5", 1, high, 20, "x"));
  const auto huge = parse_integer_list("0-9223372036854775807", 0, high, 20, "x");
  ASSERT_FALSE(huge);
  EXPECT_NE(huge.error().what.find("more than 20"), std::string::npos);
  EXPECT_EQ(parse_integer_list("9223372036854775806-9223372036854775807", 0, high, 20, "x").value(),
            Integers({high - 1, high}));
}

TEST(Parse, ShowsHostileTextOnOneLine) {
  EXPECT_EQ(in_quotes("a\n\x1b[31m\xff"), "\"a??[31m?\"");
  EXPECT_EQ(printable("AMD EPYC\x1b]0;title\a"), "AMD EPYC?]0;title?");
  EXPECT_LT(in_quotes(std::string(100'000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace blastune
