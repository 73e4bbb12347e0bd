// SPDX-License-Identifier: BSD-3-Clause
#include "load/power_supply.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

class PowerSupply : public testing::Test {
 protected:
  void set(const std::string& supply, const std::string& name, const std::string& value) const {
    tree_.write("sys/class/power_supply/" + supply + "/" + name, value + "\n");
  }
  void battery(const std::string& supply, const std::string& status) const {
    set(supply, "type", "Battery");
    set(supply, "status", status);
  }
  void mains(const std::string& supply, const std::string& online) const {
    set(supply, "type", "Mains");
    set(supply, "online", online);
  }
  [[nodiscard]] Power power() const { return read_power(tree_.paths()); }

  const KernelTree tree_;
};

TEST_F(PowerSupply, NoneIsUnknown) {
  EXPECT_EQ(power(), Power::unknown);
  tree_.write("sys/class/power_supply/.keep/x", "");
  EXPECT_EQ(power(), Power::unknown);
}

TEST_F(PowerSupply, Laptop) {
  mains("AC", "1");
  battery("BAT0", "Charging");
  EXPECT_EQ(power(), Power::mains);
  battery("BAT0", "Discharging");  // a charger too weak, or about to be noticed
  EXPECT_EQ(power(), Power::mains);
  mains("AC", "0");
  EXPECT_EQ(power(), Power::battery);
  battery("BAT1", "Not charging");  // the second of two
  EXPECT_EQ(power(), Power::battery);
}

TEST_F(PowerSupply, OneOfSeveralChargersIsEnough) {
  mains("AC", "0");
  set("ucsi0", "type", "USB");
  set("ucsi0", "online", "0");
  battery("BAT0", "Discharging");
  EXPECT_EQ(power(), Power::battery);
  set("ucsi0", "online", "2");
  EXPECT_EQ(power(), Power::mains);
}

TEST_F(PowerSupply, BatteryAlone) {
  battery("BAT0", "Discharging");
  EXPECT_EQ(power(), Power::battery);
  battery("BAT0", "Full");
  EXPECT_EQ(power(), Power::mains);
}

TEST_F(PowerSupply, TheMouseDoesNotCount) {
  battery("hidpp_battery_0", "Discharging");
  set("hidpp_battery_0", "scope", "Device");
  EXPECT_EQ(power(), Power::unknown);
  mains("AC", "1");
  EXPECT_EQ(power(), Power::mains);
}

TEST_F(PowerSupply, Uninterruptible) {
  set("ups", "type", "UPS");
  set("ups", "status", "Discharging");
  EXPECT_EQ(power(), Power::battery);
}

TEST_F(PowerSupply, Garbage) {
  for (const std::string text : {"", "x", "-1", "1 1", "99999999999999999999", "Discharging"}) {
    mains("AC", text);
    battery("BAT0", text == "Discharging" ? "1" : text);
    EXPECT_EQ(power(), Power::mains) << text;  // nothing says that a battery is used
  }
  set("AC", "type", "");
  set("BAT0", "type", std::string(1000, 'B'));
  EXPECT_EQ(power(), Power::mains);
  tree_.remove("sys/class/power_supply");
  tree_.write("sys/class/power_supply", "a file");
  EXPECT_EQ(power(), Power::unknown);
}

}  // namespace
}  // namespace blastune
