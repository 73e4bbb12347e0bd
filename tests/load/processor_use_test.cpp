// SPDX-License-Identifier: BSD-3-Clause
#include "load/processor_use.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace blastune {
namespace {

constexpr double tick = 0.01;
const std::string stat =
    "cpu  1000 200 300 9000 50 6 7 80 0 0\n"
    "cpu0 600 100 200 4000 20 4 3 40 0 0\n"
    "cpu1 400 100 100 5000 30 2 4 40 0 0\n"
    "cpu1500 10 1 2 3 4 5 6 7 0 0\n"
    "intr 123 0 0\n"
    "ctxt 4\n";

std::optional<ProcessorUse> parse(const std::string& text, const ProcessorSet& which,
                                  std::size_t piece = 4096) {
  ProcessorUseParser parser(which, tick);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (!parser.feed(std::string_view(text).substr(at, piece))) break;
  }
  return parser.use();
}

TEST(ProcessorUse, OfAllIsTheirCommonLine) {
  const auto use = parse(stat, ProcessorSet::all());
  ASSERT_TRUE(use);
  EXPECT_EQ(use->processors, 3);
  EXPECT_DOUBLE_EQ(use->busy_seconds, (1000 + 200 + 300 + 6 + 7) * tick);
  EXPECT_DOUBLE_EQ(use->nice_seconds, 2);
}

TEST(ProcessorUse, OfSomeIsTheirSum) {
  const auto one = parse(stat, ProcessorSet::of(std::vector<int>{1}));
  ASSERT_TRUE(one);
  EXPECT_EQ(one->processors, 1);
  EXPECT_DOUBLE_EQ(one->busy_seconds, (400 + 100 + 100 + 2 + 4) * tick);
  const auto beyond = parse(stat, ProcessorSet::of(std::vector<int>{0, 1500}));
  ASSERT_TRUE(beyond);
  EXPECT_EQ(beyond->processors, 2);
  EXPECT_NEAR(beyond->busy_seconds, (600 + 100 + 200 + 4 + 3 + 10 + 1 + 2 + 5 + 6) * tick, 1e-12);
  EXPECT_FALSE(parse(stat, ProcessorSet::of(std::vector<int>{7})));
}

TEST(ProcessorSet, AnAffinityOfAllOrOfNoneKnownBindsNothing) {
  const std::vector<int> two{0, 5};
  EXPECT_TRUE(ProcessorSet::allowed_by({}, 4).is_all());
  EXPECT_TRUE(ProcessorSet::allowed_by(two, 2).is_all());
  EXPECT_TRUE(ProcessorSet::allowed_by(two, 0).is_all());
  EXPECT_EQ(ProcessorSet::allowed_by(two, 4), ProcessorSet::of(two));
}

TEST(ProcessorUse, PiecesMayEndAnywhere) {
  const auto whole = parse(stat, ProcessorSet::of(std::vector<int>{0, 1}));
  for (std::size_t piece = 1; piece < stat.size(); ++piece) {
    const auto use = parse(stat, ProcessorSet::of(std::vector<int>{0, 1}), piece);
    ASSERT_TRUE(use) << piece;
    EXPECT_DOUBLE_EQ(use->busy_seconds, whole->busy_seconds) << piece;
  }
}

TEST(ProcessorUse, OldKernelsHaveFewerFields) {
  const auto use = parse("cpu  1 2 3 4\ncpu0 1 2 3 4\n", ProcessorSet::all());
  ASSERT_TRUE(use);
  EXPECT_DOUBLE_EQ(use->busy_seconds, 6 * tick);
}

TEST(ProcessorUse, WhatIsNotUnderstoodSaysNothing) {
  const ProcessorSet all = ProcessorSet::all();
  EXPECT_FALSE(parse("", all));
  EXPECT_FALSE(parse("intr 1\n", all));
  EXPECT_FALSE(parse("cpu  1 2 3\ncpu0 1 2 3 4\n", all));
  EXPECT_FALSE(parse("cpu  1 -2 3 4\ncpu0 1 2 3 4\n", all));
  EXPECT_FALSE(parse("cpu  1 2 3 99999999999999999999\ncpu0 1 2 3 4\n", all));
  EXPECT_FALSE(parse("cpu  1 2 3 4\ncpux 1 2 3 4\n", all));
  EXPECT_FALSE(parse("cpu  1 2 3 4 " + std::string(400, '5') + "\ncpu0 1 2 3 4\n", all));
  EXPECT_FALSE(parse("cpu0 1 2 x 4\n", ProcessorSet::of(std::vector<int>{0})));
}

TEST(ProcessorUse, ThisMachineSaysHowManyProcessorsAreOnline) {
  const auto use = read_processor_use("/proc/stat", ProcessorSet::all());
  ASSERT_TRUE(use);
  EXPECT_GE(use->processors, 1);
  EXPECT_LE(use->processors, ::sysconf(_SC_NPROCESSORS_CONF));
  EXPECT_GT(use->busy_seconds, 0);
  EXPECT_FALSE(read_processor_use("/proc/no/such/file", ProcessorSet::all()));
  EXPECT_FALSE(read_processor_use("/proc", ProcessorSet::all()));
}

TEST(ProcessorSet, HoldsWhatItIsMadeOf) {
  const ProcessorSet set = ProcessorSet::of(std::vector<int>{-1, 0, 63, 64, 1023});
  for (int processor : {0, 63, 64, 1023}) EXPECT_TRUE(set.contains(processor));
  for (int processor : {-1, 1, 62, 65, 1022, 1024, 9999}) EXPECT_FALSE(set.contains(processor));
  EXPECT_TRUE(ProcessorSet::of(std::vector<int>{4000}).contains(5000));
  EXPECT_TRUE(ProcessorSet::all().is_all());
  EXPECT_FALSE(set.is_all());
  EXPECT_FALSE(ProcessorSet().contains(0));
}

}  // namespace
}  // namespace blastune
