// SPDX-License-Identifier: BSD-3-Clause
#include "topology/capacity.h"

#include <gtest/gtest.h>

#include "tests/topology/synthetic.h"

namespace blastune {
namespace {

TEST(Capacity, OneCore) {
  const Capacity able = capacity(hand_made({1, 1, 1, 1}), {});
  EXPECT_EQ(able.threads, 1);
  EXPECT_EQ(able.cores, 1);
  EXPECT_EQ(able.performance_cores, 1);
}

TEST(Capacity, CoresBeforeSiblings) {
  const Capacity able = capacity(hand_made({1, 1, 3, 2}), {});
  EXPECT_EQ(able.threads, 6);
  EXPECT_EQ(able.cores, 3);
  EXPECT_EQ(able.processors, (std::vector<int>{0, 1, 2, 3, 4, 5}));  // 3, 4, 5 are siblings
}

TEST(Capacity, FastCoresBeforeSlowOnesBeforeSiblings) {
  const Capacity able = capacity(hybrid(2, 3), {});
  EXPECT_EQ(able.threads, 7);
  EXPECT_EQ(able.cores, 5);
  EXPECT_EQ(able.performance_cores, 2);
  EXPECT_EQ(able.processors, (std::vector<int>{0, 2, 4, 5, 6, 1, 3}));
}

TEST(Capacity, KindsOfUnknownSpeedAreAlike) {
  Topology topology = hybrid(2, 3);
  for (CoreKind& kind : topology.kinds) kind.efficiency = -1;
  EXPECT_EQ(capacity(topology, {}).performance_cores, 5);
}

TEST(Capacity, AffinityTakesSiblingsAndCores) {
  CpuLimits limits;
  limits.affinity = {1, 3, 4, 99};  // core 1 by its first thread, cores 0 and 1 by their second
  const Capacity able = capacity(hand_made({1, 1, 3, 2}), limits);
  EXPECT_TRUE(able.affinity_applied);
  EXPECT_EQ(able.threads, 3);
  EXPECT_EQ(able.cores, 2);
  EXPECT_EQ(able.processors, (std::vector<int>{3, 1, 4}));
}

TEST(Capacity, AffinityToSlowCoresOnly) {
  CpuLimits limits;
  limits.affinity = {4, 5};
  const Capacity able = capacity(hybrid(2, 3), limits);
  EXPECT_EQ(able.threads, 2);
  EXPECT_EQ(able.performance_cores, 2);  // the fastest there are
}

TEST(Capacity, DisallowedProcessorsAreNotUsed) {
  Topology topology = hand_made({1, 1, 4, 1});
  topology.allowed = {1, 2};
  EXPECT_EQ(capacity(topology, {}).processors, (std::vector<int>{1, 2}));
}

TEST(Capacity, QuotaBoundsThreadsAndCores) {
  CpuLimits limits;
  limits.quota_cores = 3.5;
  const Capacity able = capacity(hand_made({1, 1, 4, 2}), limits);
  EXPECT_EQ(able.threads, 3);
  EXPECT_EQ(able.cores, 3);
  EXPECT_EQ(able.performance_cores, 3);
  EXPECT_EQ(able.quota_cores, 3.5);
  limits.quota_cores = 0.1;
  EXPECT_EQ(capacity(hand_made({1, 1, 4, 2}), limits).threads, 1);
}

TEST(Capacity, AnotherMachineHasNotOurLimits) {
  Topology topology = hand_made({2, 2, 4, 1});
  topology.this_system = false;
  CpuLimits limits;
  limits.affinity = {0};
  limits.quota_cores = 1;
  const Capacity able = capacity(topology, limits);
  EXPECT_EQ(able.threads, 16);
  EXPECT_FALSE(able.affinity_applied);
  EXPECT_FALSE(able.quota_cores);
}

TEST(Capacity, NothingUsableIsStillOneThread) {
  CpuLimits limits;
  limits.affinity = {77};
  const Capacity able = capacity(hand_made({1, 1, 4, 1}), limits);
  EXPECT_EQ(able.threads, 1);
  EXPECT_EQ(able.cores, 1);
  EXPECT_EQ(able.performance_cores, 1);
  EXPECT_EQ(capacity(Topology{}, {}).threads, 1);
}

}  // namespace
}  // namespace blastune
