// SPDX-License-Identifier: BSD-3-Clause
#include "topology/candidates.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "model/rng.h"
#include "tests/topology/synthetic.h"

namespace blastune {
namespace {

std::vector<int> candidates(const Topology& topology, const CpuLimits& limits = {}) {
  return candidate_threads(topology, capacity(topology, limits));
}

bool has(const std::vector<int>& counts, int count) {
  return std::binary_search(counts.begin(), counts.end(), count);
}

void expect_sound(const std::vector<int>& counts, const Capacity& able) {
  ASSERT_FALSE(counts.empty());
  EXPECT_EQ(counts.front(), 1);
  EXPECT_EQ(counts.back(), able.threads);
  EXPECT_LE(counts.size(), max_candidates);
  EXPECT_EQ(std::adjacent_find(counts.begin(), counts.end(), std::greater_equal<>()), counts.end());
  EXPECT_TRUE(has(counts, able.cores));
  EXPECT_TRUE(has(counts, able.performance_cores));
  if (able.threads <= measure_all_up_to) {
    EXPECT_EQ(counts.size(), static_cast<std::size_t>(able.threads));
  }
  // No region is left out: neighbours are adjacent, or not far apart in proportion.
  for (std::size_t i = 1; i < counts.size(); ++i) {
    const double ratio = static_cast<double>(counts[i]) / counts[i - 1];
    EXPECT_TRUE(counts[i] - counts[i - 1] == 1 || ratio <= 1.5) << counts[i - 1] << " to " << counts[i];
  }
}

TEST(Candidates, SmallMachinesMeasureEveryCount) {
  for (int cores = 1; cores <= measure_all_up_to; ++cores) {
    std::vector<int> all(static_cast<std::size_t>(cores));
    std::iota(all.begin(), all.end(), 1);
    EXPECT_EQ(candidates(hand_made({1, 1, cores, 1})), all);
  }
}

TEST(Candidates, SoundForEveryShapeOfMachine) {
  Rng rng(1);
  for (int round = 0; round < 2000; ++round) {
    const HandMade plan{1 + static_cast<int>(rng.below(4)), static_cast<int>(rng.below(9)),
                        1 + static_cast<int>(rng.below(16)), 1 + static_cast<int>(rng.below(4))};
    Topology topology = hand_made(plan);
    if (rng.below(3) == 0) {
      std::erase_if(topology.allowed, [&](int) { return rng.below(3) == 0; });
    }
    CpuLimits limits;
    if (rng.below(3) == 0) {
      for (const int processor : topology.online) {
        if (rng.below(2) == 0) limits.affinity.push_back(processor);
      }
    }
    if (rng.below(3) == 0) limits.quota_cores = rng.uniform() * static_cast<double>(topology.online.size());
    const Capacity able = capacity(topology, limits);
    SCOPED_TRACE(testing::Message() << plan.packages << " packages, " << plan.caches_per_package
                                    << " caches, " << plan.cores_per_cache << " cores, "
                                    << plan.threads_per_core << " threads, capacity " << able.threads);
    const auto counts = candidate_threads(topology, able);
    expect_sound(counts, able);
    EXPECT_EQ(counts, candidate_threads(topology, able));
    if (HasFailure()) return;
  }
}

TEST(Candidates, SoundForEverySizeOfCapacity) {
  const Topology topology = hand_made({2, 12, 8, 2});
  for (int threads = 1; threads <= 384; ++threads) {
    CpuLimits limits;
    limits.quota_cores = threads;
    SCOPED_TRACE(threads);
    expect_sound(candidates(topology, limits), capacity(topology, limits));
  }
}

TEST(Candidates, LargeServerRespectsItsParts) {
  const auto counts = candidates(hand_made({2, 12, 8, 2}));
  for (const int count : {1, 2, 3, 4, 8, 16, 96, 190, 191, 192, 382, 383, 384})
    EXPECT_TRUE(has(counts, count)) << count;
  // Among cores, larger counts are whole L3 groups but for the ends.
  for (const int count : counts) {
    if (count >= 32 && count < 190) {
      EXPECT_EQ(count % 8, 0) << count;
    }
  }
}

TEST(Candidates, OddGroupsAreRespectedToo) {
  const auto counts = candidates(hand_made({2, 4, 7, 1}));  // 56 cores
  for (const int count : {28, 54, 55, 56}) EXPECT_TRUE(has(counts, count)) << count;
  int whole_groups = 0;
  for (const int count : counts) whole_groups += count % 7 == 0 ? 1 : 0;
  EXPECT_GE(whole_groups, 6);
}

TEST(Candidates, HybridHasItsFastCores) {
  const auto counts = candidates(hybrid(8, 16));  // 32 processors, 24 cores
  for (const int count : {8, 22, 23, 24, 30, 31, 32}) EXPECT_TRUE(has(counts, count)) << count;
}

TEST(Candidates, NothingToStandOn) {
  EXPECT_EQ(candidate_threads(Topology{}, Capacity{}), std::vector<int>{1});
  Capacity broken;
  broken.threads = 0;
  EXPECT_EQ(candidate_threads(Topology{}, broken), std::vector<int>{1});
}

}  // namespace
}  // namespace blastune
