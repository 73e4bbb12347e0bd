// SPDX-License-Identifier: BSD-3-Clause
#include "load/simulated_load_source.h"

#include <gtest/gtest.h>

#include "load/load_interval.h"

namespace blastune {
namespace {

TEST(SimulatedLoadSource, ShowsWhatIsSet) {
  ManualClock clock;
  SimulatedLoadSource source(clock, 4);
  const LoadReading first = source.read();
  source.others_cores = 1.5;
  source.steal_cores = 0.5;
  source.waiting_share = 0.25;
  source.runnable_others = 3;
  source.power = Power::battery;
  source.use(2);
  source.run_out_of_quota();
  source.overheat();
  clock.advance(2);
  const LoadReading second = source.read();
  const LoadInterval load = load_between(first, second, 2);
  EXPECT_EQ(load.processors, 4);
  EXPECT_DOUBLE_EQ(load.seconds, 2);
  EXPECT_DOUBLE_EQ(load.used_by_others, 1.5);
  EXPECT_DOUBLE_EQ(load.steal, 0.5);
  EXPECT_DOUBLE_EQ(load.waiting_share.value(), 0.25);
  EXPECT_EQ(load.runnable, 4);
  EXPECT_EQ(load.power, Power::battery);
  EXPECT_TRUE(load.quota_throttled);
  EXPECT_TRUE(load.thermally_throttled);

  source.others_cores = 0;
  source.steal_cores = 0;
  source.waiting_share = 0;
  clock.advance(1);
  const LoadInterval later = load_between(second, source.read(), 0);
  EXPECT_EQ(later.used_by_others, 0);
  EXPECT_FALSE(later.quota_throttled);
  EXPECT_FALSE(later.thermally_throttled);
}

}  // namespace
}  // namespace blastune
