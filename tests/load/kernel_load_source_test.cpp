// SPDX-License-Identifier: BSD-3-Clause
#include "load/kernel_load_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <string>
#include <vector>

#include "model/rng.h"
#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

const double ticks_a_second = static_cast<double>(::sysconf(_SC_CLK_TCK));

LoadReading read_once(const KernelTree& tree) {
  ManualClock clock;
  return KernelLoadSource(clock, tree.paths()).read();
}

std::string processor_line(int number, const std::string& ticks) {
  return "cpu" + std::to_string(number) + " " + ticks + "\n";
}

// Everything a kernel can show, on two processors.
void write_everything(const KernelTree& tree) {
  tree.write("proc/stat",
             "cpu  100 20 30 4000 50 6 7 8 9 10\n"
             "cpu0 10 2 3 400 5 6 7 8 9 1\n"
             "cpu1 90 18 27 3600 45 0 0 0 0 9\n"
             "intr 1234 0 1\nctxt 55\nbtime 1700000000\nprocesses 999\nprocs_running 3\nprocs_blocked 1\n");
  tree.write("proc/pressure/cpu",
             "some avg10=1.45 avg60=1.38 avg300=8.53 total=76564059\n"
             "full avg10=0.00 avg60=0.00 avg300=0.00 total=11\n");
  tree.write("proc/self/cgroup", "0::/system.slice/our.service\n");
  tree.write("proc/self/mountinfo", "31 23 0:28 / " + tree.root() + "/cg rw - cgroup2 cgroup2 rw\n");
  tree.write("cg/cpu.stat", "usage_usec 77\nuser_usec 7\n");  // the root has no quota
  tree.write("cg/system.slice/cpu.stat", "usage_usec 7\nnr_periods 9\nnr_throttled 4\nthrottled_usec 5\n");
  tree.write("cg/system.slice/our.service/cpu.stat", "nr_periods 9\nnr_throttled 3\nthrottled_usec 5\n");
  tree.write("cg/user.slice/cpu.stat", "nr_throttled 1000\n");
  const std::string cpus = "sys/devices/system/cpu/";
  tree.write(cpus + "cpu0/thermal_throttle/core_throttle_count", "5\n");
  tree.write(cpus + "cpu0/thermal_throttle/package_throttle_count", "2\n");
  tree.write(cpus + "cpu1/thermal_throttle/core_throttle_count", "0\n");
  tree.write("sys/class/power_supply/AC/type", "Mains\n");
  tree.write("sys/class/power_supply/AC/online", "1\n");
}

TEST(KernelLoadSource, ReadsWhatTheKernelShows) {
  const KernelTree tree;
  write_everything(tree);
  ManualClock clock;
  clock.advance(12.5);
  const LoadReading reading = KernelLoadSource(clock, tree.paths()).read();
  EXPECT_EQ(reading.monotonic_seconds, 12.5);
  ASSERT_EQ(reading.processors.size(), 2U);
  const ProcessorCounters& first = reading.processors[0];
  EXPECT_EQ(first.processor, 0);
  EXPECT_DOUBLE_EQ(first.busy_seconds * ticks_a_second, 10 + 2 + 3 + 6 + 7);  // neither idle nor iowait
  EXPECT_DOUBLE_EQ(first.nice_seconds * ticks_a_second, 2);
  EXPECT_DOUBLE_EQ(first.steal_seconds * ticks_a_second, 8);
  EXPECT_EQ(first.thermal_throttles, 7);
  EXPECT_EQ(reading.processors[1].processor, 1);
  EXPECT_DOUBLE_EQ(reading.processors[1].busy_seconds * ticks_a_second, 90 + 18 + 27);
  EXPECT_EQ(reading.processors[1].thermal_throttles, 0);
  EXPECT_EQ(reading.runnable, 3);
  EXPECT_DOUBLE_EQ(reading.waiting_seconds.value(), 76.564059);
  EXPECT_EQ(reading.quota_throttles, 7);  // ours and our ancestors', nobody else's
  EXPECT_EQ(reading.power, Power::mains);
}

TEST(KernelLoadSource, NothingThereIsNothingKnown) {
  const KernelTree tree;
  LoadReading nothing;
  EXPECT_EQ(read_once(tree), nothing);
}

TEST(KernelLoadSource, EachFileMayBeMissing) {
  const std::vector<std::string> files = {"proc/stat",
                                          "proc/pressure",
                                          "proc/self/cgroup",
                                          "proc/self/mountinfo",
                                          "cg",
                                          "sys/class",
                                          "sys/devices/system/cpu/cpu0/thermal_throttle"};
  for (const std::string& missing : files) {
    const KernelTree tree;
    write_everything(tree);
    tree.remove(missing);
    const LoadReading reading = read_once(tree);
    EXPECT_EQ(reading.processors.empty(), missing == "proc/stat") << missing;
    EXPECT_EQ(reading.waiting_seconds.has_value(), missing != "proc/pressure") << missing;
    const bool cgroups = missing == "cg" || missing.starts_with("proc/self");
    EXPECT_EQ(reading.quota_throttles.has_value(), !cgroups) << missing;
    EXPECT_EQ(reading.power == Power::unknown, missing == "sys/class") << missing;
  }
}

TEST(KernelLoadSource, VersionOneCgroup) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "2:cpuacct:/x\n1:cpu:/job\n0::/\n");
  tree.write("proc/self/mountinfo", "32 31 0:29 / " + tree.root() + "/cpu rw - cgroup cgroup rw,cpu\n");
  tree.write("cpu/cpu.stat", "nr_periods 0\nnr_throttled 0\nthrottled_time 0\n");
  tree.write("cpu/job/cpu.stat", "nr_periods 8\nnr_throttled 6\nthrottled_time 123456789\n");
  EXPECT_EQ(read_once(tree).quota_throttles, 6);
}

TEST(KernelLoadSource, OneToManyProcessors) {
  for (const int processors : {1, 2, 3, 64, 192}) {
    const KernelTree tree;
    std::string text = "cpu  1 2 3 4\n";
    for (int number = 0; number < processors; ++number) {
      text += processor_line(number, std::to_string(number) + " 0 0 7 0 0 0 0 0 0");
    }
    // What a machine with many devices writes before the last lines.
    text += "intr 1" + std::string(100'000, ' ') + "\nprocs_running 2\n";
    tree.write("proc/stat", text);
    const LoadReading reading = read_once(tree);
    ASSERT_EQ(reading.processors.size(), static_cast<std::size_t>(processors));
    for (int number = 0; number < processors; ++number) {
      const auto& processor = reading.processors[static_cast<std::size_t>(number)];
      EXPECT_EQ(processor.processor, number);
      EXPECT_DOUBLE_EQ(processor.busy_seconds * ticks_a_second, number);
    }
    EXPECT_EQ(reading.runnable, 2);
  }
}

TEST(KernelLoadSource, OldKernelsTellLess) {
  const KernelTree tree;
  tree.write("proc/stat", processor_line(0, "1 2 3 4") + processor_line(1, "1 2 3 4 5 6 7"));
  const LoadReading reading = read_once(tree);
  ASSERT_EQ(reading.processors.size(), 2U);
  EXPECT_DOUBLE_EQ(reading.processors[0].busy_seconds * ticks_a_second, 6);
  EXPECT_DOUBLE_EQ(reading.processors[1].busy_seconds * ticks_a_second, 19);
  EXPECT_EQ(reading.processors[1].steal_seconds, 0);
  EXPECT_FALSE(reading.runnable);
}

TEST(KernelLoadSource, DamagedLinesAreLeftOut) {
  const KernelTree tree;
  for (const std::string bad : {"", "1", "1 2 3", "1 2 3 x", "-1 2 3 4", "1 2 3 4 5 6 7 -8", "1e3 2 3 4",
                                "99999999999999999999 2 3 4", "1 2 3 4 5 6 7 0x8"}) {
    tree.write("proc/stat", processor_line(0, bad) + processor_line(1, "1 2 3 4 5 6 7 8"));
    const LoadReading reading = read_once(tree);
    ASSERT_EQ(reading.processors.size(), 1U) << bad;
    EXPECT_EQ(reading.processors[0].processor, 1);
  }
  for (const std::string name :
       {"cpu-1", "cpux", "cpu1048576", "cpu99999999999999999999", "CPU0", "cpuset"}) {
    tree.write("proc/stat", name + " 1 2 3 4 5 6 7 8\n");
    EXPECT_TRUE(read_once(tree).processors.empty()) << name;
  }
}

TEST(KernelLoadSource, ProcessorsAscendOnceEach) {
  const KernelTree tree;
  tree.write("proc/stat", processor_line(5, "5 0 0 1") + processor_line(2, "2 0 0 1") +
                              processor_line(5, "9 0 0 1") + processor_line(0, "0 0 0 1"));
  const LoadReading reading = read_once(tree);
  ASSERT_EQ(reading.processors.size(), 3U);
  EXPECT_EQ(reading.processors[1].processor, 2);
  EXPECT_EQ(reading.processors[2].processor, 5);
  EXPECT_DOUBLE_EQ(reading.processors[2].busy_seconds * ticks_a_second, 5);
}

TEST(KernelLoadSource, HugeCountersStayFinite) {
  const KernelTree tree;
  write_everything(tree);
  const std::string most = "9223372036854775807";
  tree.write("proc/stat", "cpu0 " + most + " " + most + " " + most + " 4 5 " + most + " " + most + " " +
                              most + "\nprocs_running " + most + "\n");
  tree.write("proc/pressure/cpu", "some avg10=0.00 total=" + most + "\n");
  tree.write("cg/system.slice/cpu.stat", "nr_throttled " + most + "\n");
  tree.write("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", most);
  const LoadReading reading = read_once(tree);
  ASSERT_EQ(reading.processors.size(), 1U);
  EXPECT_TRUE(std::isfinite(reading.processors[0].busy_seconds));
  EXPECT_TRUE(std::isfinite(reading.waiting_seconds.value()));
  EXPECT_EQ(reading.quota_throttles, 3);  // what can be believed
  EXPECT_EQ(reading.processors[0].thermal_throttles, 2);
}

TEST(KernelLoadSource, PressureOfOtherShapesIsAbsent) {
  const KernelTree tree;
  for (const std::string text :
       {"", "\n", "some", "some avg10=0.00", "some total=", "some total=x", "some total=-5",
        "full avg10=0.00 total=5\n", "some total=99999999999999999999\n", "sometotal=5\n"}) {
    tree.write("proc/pressure/cpu", text);
    EXPECT_FALSE(read_once(tree).waiting_seconds) << text;
  }
  tree.write("proc/pressure/cpu", "some total=2000000");
  EXPECT_DOUBLE_EQ(read_once(tree).waiting_seconds.value(), 2);
}

// Whatever stands in a file: an answer, and only numbers in it.
TEST(KernelLoadSource, GarbageIsSurvived) {
  const KernelTree tree;
  const std::vector<std::string> files = {"proc/stat",
                                          "proc/pressure/cpu",
                                          "proc/self/cgroup",
                                          "proc/self/mountinfo",
                                          "cg/system.slice/cpu.stat",
                                          "sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count",
                                          "sys/class/power_supply/AC/type"};
  const std::string alphabet = std::string("cpu0 1-9\n\t=:/.somenr_throttled") + '\0' + '\xff';
  Rng rng(7);
  for (const std::string& file : files) {
    write_everything(tree);
    for (int round = 0; round < 40; ++round) {
      std::string garbage;
      const std::size_t length = rng.below(400);
      while (garbage.size() < length) garbage += alphabet[rng.below(alphabet.size())];
      tree.write(file, garbage);
      for (const ProcessorCounters& processor : read_once(tree).processors) {
        EXPECT_TRUE(std::isfinite(processor.busy_seconds) && processor.busy_seconds >= 0) << garbage;
        EXPECT_TRUE(std::isfinite(processor.steal_seconds) && processor.steal_seconds >= 0) << garbage;
      }
    }
  }
}

TEST(KernelLoadSource, DirectoriesInTheirPlace) {
  const KernelTree tree;
  tree.write("proc/stat/x", "");
  tree.write("proc/pressure/cpu/x", "");
  EXPECT_EQ(read_once(tree), LoadReading{});
}

// On whatever runs the tests: the counters of a kernel do not run backwards within one test.
TEST(KernelLoadSource, ThisMachine) {
  if (::access("/proc/stat", R_OK) != 0) return;
  SystemClock clock;
  KernelLoadSource source(clock);
  const LoadReading before = source.read();
  const LoadReading after = source.read();
  EXPECT_GE(after.monotonic_seconds, before.monotonic_seconds);
  EXPECT_FALSE(before.processors.empty());
  EXPECT_GE(before.runnable.value_or(1), 1);
  EXPECT_GE(after.waiting_seconds.value_or(0), before.waiting_seconds.value_or(0));
}

}  // namespace
}  // namespace blastune
