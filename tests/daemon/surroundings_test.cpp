// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/surroundings.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "daemon/surroundings_change.h"
#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

namespace fs = std::filesystem;

// A Debian of two OpenBLAS packages, in a tree of the test's own.
class SurroundingsTest : public testing::Test {
 protected:
  SurroundingsTest() {
    tree_.write("lib/openblas-pthread/libopenblasp-r0.3.21.so", "pthread");
    tree_.write("lib/openblas-openmp/libopenblasp-r0.3.21.so", "openmp");
    fs::create_directories(path("etc/alternatives"));
    link("lib/openblas-pthread/libopenblasp-r0.3.21.so", "etc/alternatives/libopenblas.so.0");
    link("etc/alternatives/libopenblas.so.0", "lib/libopenblas.so.0");
    tree_.write("etc/ld.so.cache", "cache");
    tree_.write("sys/devices/system/cpu/online", "0-3\n");
    tree_.write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n");
    tree_.write("proc/self/cgroup", "0::/\n");
    tree_.write("proc/self/mountinfo", "1 0 0:1 / " + path("cg") + " rw - cgroup2 cgroup2 rw\n");
    tree_.write("cg/cpu.max", "200000 100000\n");
  }

  [[nodiscard]] std::string path(const std::string& below) const { return tree_.root() + "/" + below; }
  void link(const std::string& target, const std::string& name) const {
    fs::remove(path(name));
    fs::create_symlink(path(target), path(name));
  }
  [[nodiscard]] Surroundings look() const {
    DiscoveryOptions places;
    places.directories = {path("lib"), path("nowhere")};
    places.files = {path("python/libopenblas64.so")};
    return read_surroundings(places, {tree_.paths(), path("etc/ld.so.cache")});
  }
  // The one kind of change since that look.
  void expect_change(const Surroundings& before, ChangeKind kind) const {
    const auto found = changes(before, look());
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].kind, kind) << found[0].sentence;
  }

  const KernelTree tree_;
};

TEST_F(SurroundingsTest, ReadsWhatIsThere) {
  const Surroundings now = look();
  EXPECT_EQ(now.libraries.size(), 3U);  // two libraries, the name that leads to one
  EXPECT_TRUE(now.loader_cache);
  EXPECT_EQ(now.libraries.at(path("lib/libopenblas.so.0")).target,
            fs::canonical(path("lib/openblas-pthread/libopenblasp-r0.3.21.so")));
  EXPECT_EQ(now.online, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_FALSE(now.affinity.empty());
  EXPECT_EQ(now.quota_cores, 2);
  EXPECT_EQ(now.speed_settings.size(), 1U);
  EXPECT_TRUE(changes(now, look()).empty());
}

TEST_F(SurroundingsTest, AlternativesLinkFlips) {
  const Surroundings before = look();
  link("lib/openblas-openmp/libopenblasp-r0.3.21.so", "etc/alternatives/libopenblas.so.0");
  expect_change(before, ChangeKind::libraries);
}

TEST_F(SurroundingsTest, PackagesComeAndGoAndAreReplaced) {
  Surroundings before = look();
  tree_.write("lib/openblas-serial/libopenblas-r0.3.21.so", "serial");
  expect_change(before, ChangeKind::libraries);
  before = look();
  tree_.remove("lib/openblas-openmp");
  expect_change(before, ChangeKind::libraries);
  before = look();
  tree_.write("lib/new", "PTHREAD");  // as long, and in its place by renaming, as dpkg does it
  fs::rename(path("lib/new"), path("lib/openblas-pthread/libopenblasp-r0.3.21.so"));
  expect_change(before, ChangeKind::libraries);
  before = look();
  tree_.write("python/libopenblas64.so", "wheel");
  expect_change(before, ChangeKind::libraries);
  before = look();
  tree_.write("etc/ld.so.cache", "longer cache");
  expect_change(before, ChangeKind::loader);
}

TEST_F(SurroundingsTest, OtherFilesDoNotCount) {
  const Surroundings before = look();
  tree_.write("lib/libm.so.6", "something else");
  tree_.write("lib/libopenblas.a", "an archive");
  EXPECT_TRUE(changes(before, look()).empty());
}

TEST_F(SurroundingsTest, ProcessorsQuotaAndGovernor) {
  Surroundings before = look();
  tree_.write("sys/devices/system/cpu/online", "0-1\n");
  expect_change(before, ChangeKind::processors);
  before = look();
  tree_.write("cg/cpu.max", "max 100000\n");
  expect_change(before, ChangeKind::limits);
  before = look();
  tree_.write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance\n");
  expect_change(before, ChangeKind::governor);
  before = look();
  tree_.write("sys/devices/system/cpu/cpufreq/boost", "1\n");  // told for the first time
  EXPECT_TRUE(changes(before, look()).empty());
  before = look();
  tree_.write("sys/devices/system/cpu/cpufreq/boost", "0\n");
  expect_change(before, ChangeKind::governor);
}

TEST_F(SurroundingsTest, NothingThereAndGarbage) {
  const Surroundings before = look();
  tree_.write("sys/devices/system/cpu/online", "0-x\n");
  tree_.write("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", std::string(100'000, '\n'));
  EXPECT_TRUE(changes(before, look()).empty());
  tree_.remove("sys");
  tree_.write("sys", "a file");
  EXPECT_TRUE(changes(before, look()).empty());
  link("lib/loop", "lib/loop");
  link("lib/libopenblas.so.0", "etc/alternatives/libopenblas.so.0");  // links in a circle
  expect_change(before, ChangeKind::libraries);
  tree_.remove("");
  EXPECT_TRUE(look().libraries.empty());
}

TEST(Suspension, NeverShrinks) {
  const double before = read_surroundings({}, {}).suspended_seconds;
  const double after = read_surroundings({}, {}).suspended_seconds;
  EXPECT_GE(after - before, -0.5);
}

}  // namespace
}  // namespace blastune
