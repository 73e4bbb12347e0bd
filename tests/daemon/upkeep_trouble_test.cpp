// SPDX-License-Identifier: BSD-3-Clause
//
// Upkeep where the machine, the schedule or the library is against it.
#include <gtest/gtest.h>

#include <vector>

#include "base/clock.h"
#include "daemon/build_upkeep.h"
#include "tests/daemon/small_library.h"
#include "tuner/simulated_prober.h"

namespace blastune {
namespace {

using Purpose = BuildUpkeep::Purpose;
using testing::small_library;

UpkeepOptions small_options() {
  UpkeepOptions options;
  options.plan.networks = {{{784, 100, 50, 10}}};
  options.plan.dtypes = {DType::f64};
  options.plan.passes = {Pass::forward};
  options.plan.grid_shapes = 0;
  options.plan.largest_batch = 512;
  options.plan.threads = 4;
  options.counts = {1, 2, 3, 4};
  return options;
}

// Work divides, every thread costs a start.
class Machine {
 public:
  Machine()
      : prober_([](const Gemm& gemm,
                   int threads) { return volume(gemm) * 1e-10 / threads + 2e-5 * (threads - 1); },
                {.burst_deviation = 0.02, .call_deviation = 0.01}, clock_) {}

  bool slice(BuildUpkeep& upkeep, Purpose purpose) {
    const auto requests = upkeep.next(purpose, 0.25);
    if (requests.empty()) return false;
    const double start = clock_.monotonic_seconds();
    const auto results = prober_.run(requests);
    upkeep.record(requests, *results, clock_.monotonic_seconds() - start, clock_.unix_seconds());
    return true;
  }

  ManualClock clock_;

 private:
  SimulatedProber prober_;
};

TEST(UpkeepTrouble, MeasuringGoesOnBesideACheck) {
  Machine machine;
  BuildUpkeep upkeep(small_library(), {}, small_options(), 7);
  for (int slices = 0; slices < 12; ++slices) ASSERT_TRUE(machine.slice(upkeep, Purpose::measure));
  ASSERT_GT(upkeep.uncertain(), 0U);
  ASSERT_FALSE(upkeep.table().curves.empty());
  upkeep.begin_check(machine.clock_.unix_seconds());
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
