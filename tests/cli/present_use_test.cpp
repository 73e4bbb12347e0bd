// SPDX-License-Identifier: BSD-3-Clause
#include "cli/present_use.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <string>
#include <vector>

#include "load/seen_use.h"
#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

// Four processors; while it sleeps, others and we use some of them.
class BusyClock final : public Clock {
 public:
  explicit BusyClock(const KernelTree& tree) : tree_(tree) { write(); }
  double monotonic_seconds() override { return time_.monotonic_seconds(); }
  double passed_seconds() override { return time_.passed_seconds(); }
  std::int64_t unix_seconds() override { return time_.unix_seconds(); }
  void sleep(double seconds) override {
    // As if a signal came.
    const double slept = interrupted_ ? seconds : seconds / 2;
    interrupted_ = true;
    time_.advance(slept);
    busy_ += (others + own) * slept;
    nice_ += nice * slept;
    own_seconds += own * slept;
    write();
  }

  double others = 0;  // what yields among them
  double nice = 0;
  double own = 0;
  double own_seconds = 3;
  int processors = 4;

 private:
  void write() const {
    const auto ticks = [](double seconds) {
      return std::to_string(std::lround(seconds * static_cast<double>(::sysconf(_SC_CLK_TCK))));
    };
    const std::string used = " " + ticks(busy_ - nice_) + " " + ticks(nice_) + " 0 0\n";
    std::string text = "cpu" + used;
    for (int i = 0; i < processors; ++i) text += "cpu" + std::to_string(i) + used;
    tree_.write("proc/stat", text + "intr 1\n");
  }

  const KernelTree& tree_;
  ManualClock time_;
  bool interrupted_ = false;
  double busy_ = 1;
  double nice_ = 0;
};

class PresentUseTest : public testing::Test {
 protected:
  Result<PresentUse> look(int capacity, const std::vector<int>& affinity = {}) {
    return look_at_present_use({clock_, tree_.paths().proc + "/stat", [this] { return clock_.own_seconds; }},
                               {capacity, affinity, 4});
  }

  KernelTree tree_;
  BusyClock clock_{tree_};
};

// What the kernel's ticks round off in a quarter of a second.
constexpr double rounding = 0.1;

TEST_F(PresentUseTest, NobodyElseLeavesTheCapacity) {
  clock_.own = 2;
  const auto present = look(3);
  ASSERT_TRUE(present.ok());
  EXPECT_EQ(present->available, 3);
  EXPECT_NEAR(present->others, 0, rounding);
  EXPECT_EQ(present->processors, 4);
  EXPECT_NEAR(clock_.monotonic_seconds(), 0.25, 1e-9);
}

TEST_F(PresentUseTest, WhatOthersUseIsTakenOffAndRoundedAsProgramsDo) {
  const struct {
    double others;
    int available;
  } cases[] = {{0.3, 4}, {1, 3}, {1.3, 3}, {1.6, 2}, {2, 2}, {3.9, 1}, {4, 1}};
  for (const auto& one : cases) {
    clock_.others = one.others;
    const auto present = look(4);
    ASSERT_TRUE(present.ok());
    EXPECT_EQ(present->available, one.available) << one.others;
    EXPECT_NEAR(present->others, one.others, rounding);
  }
}

TEST_F(PresentUseTest, ACapacityBelowTheMachinesIsTouchedOnlyWhereLessIsLeft) {
  clock_.others = 2;
  EXPECT_EQ(look(2)->available, 2);
  clock_.others = 3;
  EXPECT_EQ(look(2)->available, 1);
}

TEST_F(PresentUseTest, WhatYieldsCountsForAFifth) {
  clock_.others = 4;
  clock_.nice = 4;
  const auto present = look(4);
  ASSERT_TRUE(present.ok());
  // To one who yields too, as this test may, it is as good as any other.
  EXPECT_NEAR(present->others, yields_to_others() ? 4 : 0.8, rounding);
  EXPECT_EQ(present->available, yields_to_others() ? 1 : 3);
}

TEST_F(PresentUseTest, LooksOnlyWhereItMayRun) {
  clock_.others = 1;
  const std::vector<int> one{2};
  const auto present = look(1, one);
  ASSERT_TRUE(present.ok());
  EXPECT_EQ(present->processors, 1);
  EXPECT_NEAR(present->others, 1, rounding);
  EXPECT_EQ(present->available, 1);
}

TEST_F(PresentUseTest, SaysWhereTheKernelDoesNot) {
  clock_.processors = 3;  // from the first sleep on
  const auto changed = look(4);
  ASSERT_FALSE(changed.ok());
  EXPECT_NE(changed.error().what.find("came or went"), std::string::npos);
  tree_.remove("proc/stat");
  const auto none = look(4);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().what.find("proc/stat"), std::string::npos);
  EXPECT_NE(none.error().remedy.find("--available"), std::string::npos);
}

}  // namespace
}  // namespace blastune
