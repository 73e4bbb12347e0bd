// SPDX-License-Identifier: BSD-3-Clause
//
// Upkeep where the machine, the schedule or the library is against it.
#include <gtest/gtest.h>

#include "daemon/build_upkeep.h"
#include "tests/daemon/small_library.h"
#include "tests/daemon/upkeep_machine.h"

namespace blastune {
namespace {

using Purpose = BuildUpkeep::Purpose;
using testing::small_library;

UpkeepOptions networks_alone() {
  UpkeepOptions options = testing::small_options();
  options.plan.grid_shapes = 0;
  return options;
}

TEST(UpkeepTrouble, MeasuringGoesOnBesideACheck) {
  testing::UpkeepMachine machine;
  BuildUpkeep upkeep(small_library(), {}, networks_alone(), 7);
  for (int slices = 0; slices < 12; ++slices) ASSERT_TRUE(machine.slice(upkeep, Purpose::measure));
  ASSERT_GT(upkeep.uncertain(), 0U);
  ASSERT_FALSE(upkeep.table().curves.empty());
  upkeep.begin_check(machine.unix_seconds());
  ASSERT_TRUE(machine.slice(upkeep, Purpose::check));
  ASSERT_TRUE(upkeep.is_checking());
  // The check overdrew the budget; a first run is not paid from it.
  while (upkeep.uncertain() > 0) ASSERT_TRUE(machine.slice(upkeep, Purpose::measure));
  const Table table = upkeep.table();
  EXPECT_EQ(table.curves.size(), upkeep.gemms());
  ASSERT_TRUE(upkeep.is_checking());
  while (upkeep.is_checking()) ASSERT_TRUE(machine.slice(upkeep, Purpose::check));
  EXPECT_EQ(upkeep.drifted_last_check(), 0U);
  EXPECT_EQ(upkeep.table().curves.size(), table.curves.size());
  for (const Curve& curve : table.curves) {
    for (const CurvePoint& point : curve.points)
      EXPECT_GE(upkeep.table().find(curve.gemm)->find(point.threads)->seconds.count(), point.seconds.count());
  }
}

}  // namespace
}  // namespace blastune
