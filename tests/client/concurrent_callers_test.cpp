// SPDX-License-Identifier: BSD-3-Clause
#include "client/concurrent_callers.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

TEST(ConcurrentCallers, AreNoticedAtOnceAndForgottenSoon) {
  ConcurrentCallers callers;
  EXPECT_EQ(callers.callers(), 1);
  callers.note(7);
  callers.note(7);
  EXPECT_GE(callers.callers(), 6);
  for (int i = 0; i < 10; ++i) callers.note(7);
  EXPECT_EQ(callers.callers(), 8);
  int calls = 0;
  for (; callers.callers() > 1 && calls < 1000; ++calls) callers.note(0);
  EXPECT_LT(calls, 30);
  EXPECT_GT(calls, 5);
}

TEST(ConcurrentCallers, OneThatComesByNowAndThenIsNoCompany) {
  ConcurrentCallers callers;
  int alone = 0;
  for (int i = 0; i < 1000; ++i) {
    callers.note(i % 10 == 0 ? 1 : 0);
    if (callers.callers() == 1) ++alone;
  }
  EXPECT_GT(alone, 850);
}

TEST(ConcurrentCallers, AreSeenWhereOnlyEveryOtherCallMeetsOne) {
  ConcurrentCallers callers;
  int together = 0;
  for (int i = 0; i < 1000; ++i) {
    callers.note(i % 2);
    if (callers.callers() == 2) ++together;
  }
  EXPECT_GT(together, 900);
}

TEST(ConcurrentCallers, InTheChildOfAForkThereIsOne) {
  ConcurrentCallers callers;
  for (int i = 0; i < 10; ++i) callers.note(7);
  callers.forget();
  EXPECT_EQ(callers.callers(), 1);
}

}  // namespace
}  // namespace blastune
