// SPDX-License-Identifier: BSD-3-Clause
#include "client/call_limits.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace blastune {
namespace {

TEST(CallLimits, TheTightestOfThemHolds) {
  EXPECT_EQ((CallLimits{8, 6, 5, 1}.most()), 5);
  EXPECT_EQ((CallLimits{8, 4, 5, 1}.most()), 4);
  EXPECT_EQ((CallLimits{2, 4, 5, 1}.most()), 2);
  EXPECT_EQ((CallLimits{8, 6, 8, 3}.most()), 2);
}

TEST(CallLimits, OneThreadIsAlwaysAllowed) {
  EXPECT_EQ((CallLimits{8, 1, 1, 600}.most()), 1);
  EXPECT_EQ((CallLimits{8, 2, 0, 0}.most()), 1);
  EXPECT_EQ((CallLimits{0, 0, 0, 0}.most()), 1);
}

TEST(CallLimits, LowerOnlyWhatIsAboveThem) {
  EXPECT_TRUE((CallLimits{2, 1, 8, 1}.lower()));
  EXPECT_FALSE((CallLimits{1, 1, 8, 1}.lower()));
  EXPECT_FALSE((CallLimits{2, 2, 65535, 1}.lower()));
  EXPECT_TRUE((CallLimits{2, 2, 65535, 2}.lower()));
}

TEST(CallLimits, NoLimitThatRisesLowersTheCount) {
  for (int user = 1; user <= 9; user += 2) {
    for (int capacity = 1; capacity <= 9; capacity += 2) {
      for (int available = 1; available <= 9; available += 2) {
        for (int callers = 1; callers <= 9; callers += 2) {
          const int most = CallLimits{user, capacity, available, callers}.most();
          EXPECT_GE(most, 1);
          EXPECT_LE(most, std::min({user, capacity, available}));
          EXPECT_LE(most, (CallLimits{user + 1, capacity, available, callers}.most()));
          EXPECT_LE(most, (CallLimits{user, capacity + 1, available, callers}.most()));
          EXPECT_LE(most, (CallLimits{user, capacity, available + 1, callers}.most()));
          EXPECT_GE(most, (CallLimits{user, capacity, available, callers + 1}.most()));
        }
      }
    }
  }
}

}  // namespace
}  // namespace blastune
