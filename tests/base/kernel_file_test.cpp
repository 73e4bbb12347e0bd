// SPDX-License-Identifier: BSD-3-Clause
#include "base/kernel_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

TEST(KernelFile, ReadsNoMoreThanTheLimit) {
  const KernelTree tree;
  tree.write("long", std::string(10'000, 'x'));
  EXPECT_EQ(read_kernel_file(tree.root() + "/long", 5000)->size(), 5000U);
  EXPECT_EQ(read_kernel_file(tree.root() + "/long", 20'000)->size(), 10'000U);
  EXPECT_EQ(read_kernel_file(tree.root() + "/long", 0)->size(), 0U);
}

TEST(KernelFile, WhatIsNotAReadableFileIsAbsent) {
  const KernelTree tree;
  EXPECT_FALSE(read_kernel_file(tree.root() + "/missing", 100));
  EXPECT_FALSE(read_kernel_file(tree.root(), 100));
}

TEST(KernelFile, FifoDoesNotBlock) {
  const KernelTree tree;
  const std::string path = tree.root() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(read_kernel_file(path, 100).value_or(""), "");
}

TEST(KernelFile, Numbers) {
  EXPECT_EQ(parse_kernel_number(" 42\n"), 42);
  EXPECT_EQ(parse_kernel_number("-1"), -1);
  for (const char* bad : {"", " ", "max", "1x", "0x10", "1 2", "99999999999999999999"}) {
    EXPECT_FALSE(parse_kernel_number(bad)) << bad;
  }
}

TEST(ProcessorList, Parses) {
  EXPECT_EQ(parse_processor_list("0-3,8\n"), (std::vector<int>{0, 1, 2, 3, 8}));
  EXPECT_EQ(parse_processor_list("5"), (std::vector<int>{5}));
  EXPECT_EQ(parse_processor_list("\n"), std::vector<int>{});
  EXPECT_EQ(parse_processor_list("4,0-1,1"), (std::vector<int>{0, 1, 4}));
  EXPECT_EQ(parse_processor_list("0-8191")->size(), 8192U);
}

TEST(ProcessorList, RejectsWhatItDoesNotUnderstand) {
  for (const char* bad :
       {"a", "1-", "-1", "3-1", "1,", ",1", "1,,2", "0-3:1/2", "1 2", "0-1048576", "99999999999"}) {
    EXPECT_FALSE(parse_processor_list(bad)) << bad;
  }
  std::string endless = "0-1000000";
  for (int i = 0; i < 100; ++i) endless += ",0-1000000";
  EXPECT_FALSE(parse_processor_list(endless));
}

TEST(ProcessorList, FormatIsTheInverse) {
  for (const char* text : {"", "0", "0-1", "0,2", "0-3,8,10-11"}) {
    EXPECT_EQ(format_processor_list(*parse_processor_list(text)), text);
  }
}

}  // namespace
}  // namespace blastune
