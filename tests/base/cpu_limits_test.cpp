// SPDX-License-Identifier: BSD-3-Clause
#include "base/cpu_limits.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <limits>
#include <numeric>

#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

std::string v2_mount(const KernelTree& tree, const std::string& root, const std::string& point) {
  return "31 23 0:28 " + root + " " + tree.root() + point +
         " rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";
}

std::string v1_mount(const KernelTree& tree, const std::string& root, const std::string& point,
                     const std::string& controllers = "rw,cpu,cpuacct") {
  return "32 23 0:29 " + root + " " + tree.root() + point + " rw,nosuid - cgroup cgroup " + controllers +
         "\n";
}

CpuLimits quota_of(const KernelTree& tree) {
  CpuLimits limits;
  read_cpu_quota(tree.paths(), limits);
  return limits;
}

void set_v1(const KernelTree& tree, const std::string& directory, const std::string& quota,
            const std::string& period = "100000\n") {
  tree.write(directory + "/cpu.cfs_quota_us", quota);
  tree.write(directory + "/cpu.cfs_period_us", period);
}

TEST(CpuQuota, NothingThereMeansNoLimit) {
  const KernelTree tree;
  EXPECT_FALSE(quota_of(tree).quota_cores);
  tree.write("proc/self/cgroup", "0::/\n");
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

TEST(CpuQuota, SmallestOfAllAncestorsCounts) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "0::/a/b/c\n");
  tree.write("proc/self/mountinfo", "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n" + v2_mount(tree, "/", "/cg"));
  tree.write("cg/a/cpu.max", "400000 100000\n");
  tree.write("cg/a/b/cpu.max", "75000 50000\n");
  tree.write("cg/a/b/c/cpu.max", "max 100000\n");
  const CpuLimits limits = quota_of(tree);
  ASSERT_TRUE(limits.quota_cores);
  EXPECT_DOUBLE_EQ(*limits.quota_cores, 1.5);
  EXPECT_EQ(limits.quota_file, tree.root() + "/cg/a/b/cpu.max");

  tree.write("cg/a/cpu.max", "100000 100000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 1.0);
  tree.remove("cg/a/b");  // a cgroup that went away, or whose controller is off, leaves its parents in force
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 1.0);
}

TEST(CpuQuota, SiblingsDoNotCount) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "0::/ab\n");
  tree.write("proc/self/mountinfo", v2_mount(tree, "/", "/cg") + v2_mount(tree, "/a", "/other"));
  tree.write("cg/a/cpu.max", "10000 100000\n");
  tree.write("other/cpu.max", "10000 100000\n");  // "/a" is no ancestor of "/ab"
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

TEST(CpuQuota, MaxIsNoLimit) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "0::/a\n");
  tree.write("proc/self/mountinfo", v2_mount(tree, "/", "/cg"));
  tree.write("cg/a/cpu.max", "max 100000\n");
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

TEST(CpuQuota, DamagedContentIsNoLimit) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "0::/a\n");
  tree.write("proc/self/mountinfo", v2_mount(tree, "/", "/cg"));
  for (const std::string text : {"", "\n", "50000", "50000 ", "50000 0", "0 100000", "-5 100000", "x y",
                                 "50000 100000 7", "1e5 100000", "99999999999999999999 100000"}) {
    tree.write("cg/a/cpu.max", text);
    EXPECT_FALSE(quota_of(tree).quota_cores) << text;
  }
  tree.write("cg/a/cpu.max", std::string(100'000, '9'));
  EXPECT_FALSE(quota_of(tree).quota_cores);
  tree.write("cg/a/cpu.max", std::string("5\0 1", 4));
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

TEST(CpuQuota, DamagedProcIsNoLimit) {
  const KernelTree tree;
  tree.write("cg/cpu.max", "50000 100000\n");
  const std::string good = v2_mount(tree, "/", "/cg");
  for (const std::string cgroup : {"", "0", "0:", "0::", "0::a", "::::\n", "0::/a/../../b\n"}) {
    tree.write("proc/self/mountinfo", good);
    tree.write("proc/self/cgroup", cgroup);
    EXPECT_FALSE(quota_of(tree).quota_cores) << cgroup;
  }
  tree.write("proc/self/cgroup", "0::/\n");
  ASSERT_TRUE(quota_of(tree).quota_cores);
  for (std::size_t length = 0; length < good.find(" - cgroup2"); ++length) {
    tree.write("proc/self/mountinfo", good.substr(0, length));
    EXPECT_FALSE(quota_of(tree).quota_cores) << length;
  }
}

TEST(CpuQuota, VersionOne) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "5:cpuset:/other\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n");
  tree.write("proc/self/mountinfo",
             v1_mount(tree, "/", "/set", "rw,cpuset") + v1_mount(tree, "/", "/cg/cpu,cpuacct"));
  set_v1(tree, "cg/cpu,cpuacct", "-1\n");
  set_v1(tree, "cg/cpu,cpuacct/docker", "600000\n");
  set_v1(tree, "cg/cpu,cpuacct/docker/abc", "250000\n");
  set_v1(tree, "set/docker/abc", "10000\n");  // not the cpu controller's hierarchy
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 2.5);
  set_v1(tree, "cg/cpu,cpuacct/docker", "60000\n", "50000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 1.2);
  tree.remove("cg/cpu,cpuacct/docker/cpu.cfs_period_us");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 2.5);
}

TEST(CpuQuota, CpuacctAloneIsNotTheCpuController) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "4:cpuacct:/\n");
  tree.write("proc/self/mountinfo", v1_mount(tree, "/", "/cg", "rw,cpuacct"));
  set_v1(tree, "cg", "50000\n");
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

// A container without a cgroup namespace: the path is the host's, the mount shows the container's part.
TEST(CpuQuota, BindMountOfOwnCgroup) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc/job\n0::/docker/abc/job\n");
  tree.write("proc/self/mountinfo",
             v1_mount(tree, "/docker/abc", "/cg1") + v2_mount(tree, "/docker/abc", "/cg2"));
  set_v1(tree, "cg1", "300000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 3);
  tree.write("cg2/job/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 2);
}

TEST(CpuQuota, HybridTakesTheSmaller) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "1:cpu:/x\n0::/y\n");
  tree.write("proc/self/mountinfo", v1_mount(tree, "/", "/v1", "rw,cpu") + v2_mount(tree, "/", "/v2"));
  set_v1(tree, "v1/x", "150000\n");
  tree.write("v2/y/cpu.max", "350000 100000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 1.5);
  set_v1(tree, "v1/x", "550000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 3.5);
}

TEST(CpuQuota, CgroupNamespace) {
  const KernelTree tree;
  tree.write("cg/cpu.max", "200000 100000\n");
  tree.write("cg/job/cpu.max", "100000 100000\n");
  const auto quota = [&](const std::string& root, const std::string& own) {
    tree.write("proc/self/cgroup", "0::" + own + "\n");
    tree.write("proc/self/mountinfo", v2_mount(tree, root, "/cg"));
    return quota_of(tree).quota_cores;
  };
  EXPECT_DOUBLE_EQ(quota("/", "/").value(), 2);
  EXPECT_DOUBLE_EQ(quota("/", "/job").value(), 1);
  // The host's mount seen from inside: its root is above ours, by names that are not told.
  EXPECT_DOUBLE_EQ(quota("/../..", "/").value(), 2);
  EXPECT_DOUBLE_EQ(quota("/../..", "/job").value(), 2);
  // Entered from outside: our cgroup is next to the namespace's root.
  EXPECT_DOUBLE_EQ(quota("/..", "/../job").value(), 1);
  EXPECT_FALSE(quota("/", "/../job"));
  EXPECT_FALSE(quota("/../else", "/../job"));
}

TEST(CpuQuota, BlanksInMountPoints) {
  const KernelTree tree;
  tree.write("proc/self/cgroup", "0::/\n");
  tree.write("proc/self/mountinfo", v2_mount(tree, "/", "/my\\040groups\\134x"));
  tree.write("my groups\\x/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(*quota_of(tree).quota_cores, 2);
}

TEST(CpuQuota, VeryDeepPathIsNotFollowed) {
  const KernelTree tree;
  std::string path;
  for (int i = 0; i < 20'000; ++i) path += "/a";
  tree.write("proc/self/cgroup", "0::" + path + "\n");
  tree.write("proc/self/mountinfo", v2_mount(tree, "/", "/cg"));
  tree.write("cg/cpu.max", "200000 100000\n");
  EXPECT_FALSE(quota_of(tree).quota_cores);
}

TEST(Affinity, MaskGrowsUntilTheKernelTakesIt) {
  std::vector<std::size_t> widths;
  const auto processors = read_affinity([&](std::size_t bytes, cpu_set_t* mask) {
    widths.push_back(bytes * 8);
    if (bytes * 8 < 5000) {
      errno = EINVAL;
      return -1;
    }
    CPU_SET_S(0, bytes, mask);
    CPU_SET_S(4095, bytes, mask);
    return 0;
  });
  EXPECT_EQ(processors, (std::vector<int>{0, 4095}));
  EXPECT_EQ(widths, (std::vector<std::size_t>{1024, 2048, 4096, 8192}));
}

TEST(Affinity, RefusalIsNotKnowing) {
  const auto refuse = [](int number) {
    return read_affinity([number](std::size_t, cpu_set_t*) {
      errno = number;
      return -1;
    });
  };
  EXPECT_TRUE(refuse(EPERM).empty());
  EXPECT_TRUE(refuse(EINVAL).empty());  // for ever: ends all the same
}

TEST(Affinity, FollowsTheThread) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const CpuLimits limits = read_cpu_limits();
  ASSERT_EQ(static_cast<int>(limits.affinity.size()), CPU_COUNT(&before));
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(limits.affinity.back()), &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(read_cpu_limits().affinity, std::vector<int>{limits.affinity.back()});
  EXPECT_EQ(usable_processors(read_cpu_limits()), 1);
  ASSERT_EQ(::sched_setaffinity(0, sizeof before, &before), 0);
}

TEST(ThreadsOfQuota, RoundsDown) {
  EXPECT_EQ(threads_of_quota(0.01), 1);
  EXPECT_EQ(threads_of_quota(1), 1);
  EXPECT_EQ(threads_of_quota(1.5), 1);
  EXPECT_EQ(threads_of_quota(1.98), 1);
  EXPECT_EQ(threads_of_quota(1.995), 2);
  EXPECT_EQ(threads_of_quota(2), 2);
  EXPECT_EQ(threads_of_quota(100), 100);
  EXPECT_EQ(threads_of_quota(384), 384);
  EXPECT_GT(threads_of_quota(1e300), 8192);
  EXPECT_EQ(threads_of_quota(std::numeric_limits<double>::quiet_NaN()), 1);
  EXPECT_EQ(threads_of_quota(-1), 1);
}

TEST(UsableProcessors, SmallerOfAffinityAndQuota) {
  CpuLimits limits;
  EXPECT_GE(usable_processors(limits), 1);
  limits.affinity.resize(8);
  std::iota(limits.affinity.begin(), limits.affinity.end(), 0);
  EXPECT_EQ(usable_processors(limits), 8);
  limits.quota_cores = 2.7;
  EXPECT_EQ(usable_processors(limits), 2);
  limits.quota_cores = 0.2;
  EXPECT_EQ(usable_processors(limits), 1);
  limits.quota_cores = 64;
  EXPECT_EQ(usable_processors(limits), 8);
}

}  // namespace
}  // namespace blastune
