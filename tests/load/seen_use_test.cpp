// SPDX-License-Identifier: BSD-3-Clause
#include "load/seen_use.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace blastune {
namespace {

UseReading at(double seconds, double busy, double nice = 0, double own = 0) {
  return {seconds, {4, busy, nice}, own};
}

TEST(SeenUse, IsWhatOthersUsedAndWhatWeDid) {
  const auto seen = seen_between(at(10, 100, 0, 7), at(12, 106, 0, 9), false);
  ASSERT_TRUE(seen);
  EXPECT_DOUBLE_EQ(seen->seconds, 2);
  EXPECT_DOUBLE_EQ(seen->processors, 4);
  EXPECT_DOUBLE_EQ(seen->others, 2);
  EXPECT_DOUBLE_EQ(seen->own, 1);
}

TEST(SeenUse, WhatYieldsCountsForAFifthUnlessWeYieldToo) {
  EXPECT_DOUBLE_EQ(seen_between(at(0, 0, 0), at(1, 2, 1), false)->others, 1.2);
  EXPECT_DOUBLE_EQ(seen_between(at(0, 0, 0), at(1, 2, 1), true)->others, 2);
}

TEST(SeenUse, NothingWithoutTimeOrWithOtherProcessors) {
  EXPECT_FALSE(seen_between(at(1, 0), at(1, 1), false));
  EXPECT_FALSE(seen_between(at(2, 0), at(1, 1), false));
  UseReading fewer = at(2, 1);
  fewer.use.processors = 3;
  EXPECT_FALSE(seen_between(at(1, 0), fewer, false));
}

TEST(SeenUse, ANiceProcessYields) {
  const pid_t child = ::fork();
  if (child == 0) {
    const bool raised = ::setpriority(PRIO_PROCESS, 0, 19) == 0;
    ::_exit(raised && yields_to_others() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(yields_to_others(), ::getpriority(PRIO_PROCESS, 0) > 0);
}

}  // namespace
}  // namespace blastune
