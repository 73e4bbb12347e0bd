// SPDX-License-Identifier: BSD-3-Clause
#include "cli/start_count.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace blastune {
namespace {

std::optional<int> count_of(int processors, std::optional<double> quota,
                            const std::map<std::string, std::string>& variables = {}) {
  CpuLimits limits;
  for (int i = 0; i < processors; ++i) limits.affinity.push_back(i);
  limits.quota_cores = quota;
  return start_count(limits, [&](const char* name) -> const char* {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(StartCount, IsTheQuotaWhereThatIsTheTighterOne) {
  EXPECT_EQ(count_of(88, 1.0), 1);
  EXPECT_EQ(count_of(88, 0.2), 1);
  EXPECT_EQ(count_of(88, 3.9), 3);
  EXPECT_EQ(count_of(2, 1.5), 1);
}

TEST(StartCount, IsNobodysBusinessElsewhere) {
  EXPECT_EQ(count_of(88, std::nullopt), std::nullopt);
  EXPECT_EQ(count_of(2, 2.0), std::nullopt);
  // OpenBLAS sees the affinity itself.
  EXPECT_EQ(count_of(1, 1.0), std::nullopt);
}

TEST(StartCount, LeavesTheUsersCountAlone) {
  for (const char* name : {"OPENBLAS_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_NUM_THREADS"})
    EXPECT_EQ(count_of(88, 1.0, {{name, "4"}}), std::nullopt) << name;
  EXPECT_EQ(count_of(88, 1.0, {{"OPENBLAS_NUM_THREADS", "4"}, {start_count_variable, "1"}}), std::nullopt);
}

TEST(StartCount, ReplacesTheOneOfAnEarlierRun) {
  EXPECT_EQ(count_of(88, 2.0, {{"OPENBLAS_NUM_THREADS", "1"}, {start_count_variable, "1"}}), 2);
}

}  // namespace
}  // namespace blastune
