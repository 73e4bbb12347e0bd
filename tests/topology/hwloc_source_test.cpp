// SPDX-License-Identifier: BSD-3-Clause
#include "topology/hwloc_source.h"

#include <gtest/gtest.h>
#include <hwloc.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "model/rng.h"
#include "tests/base/kernel_tree.h"
#include "tests/topology/synthetic.h"
#include "topology/capacity.h"

namespace blastune {
namespace {

// What every topology promises, whatever it is of.
void expect_consistent(const Topology& topology) {
  EXPECT_FALSE(topology.online.empty());
  EXPECT_FALSE(topology.cores.empty());
  EXPECT_FALSE(topology.kinds.empty());
  EXPECT_TRUE(std::includes(topology.online.begin(), topology.online.end(), topology.allowed.begin(),
                            topology.allowed.end()));
  ProcessorNumbers in_cores;
  for (const Core& core : topology.cores) {
    EXPECT_FALSE(core.processors.empty());
    in_cores.insert(in_cores.end(), core.processors.begin(), core.processors.end());
    EXPECT_LT(core.package, static_cast<int>(topology.packages.size()));
    EXPECT_LT(core.node, static_cast<int>(topology.nodes.size()));
    EXPECT_LT(core.cache, static_cast<int>(topology.caches.size()));
    EXPECT_GE(core.kind, 0);
    EXPECT_LT(core.kind, static_cast<int>(topology.kinds.size()));
  }
  std::sort(in_cores.begin(), in_cores.end());
  EXPECT_EQ(in_cores, topology.online);  // every processor in exactly one core
}

Result<Topology> read_xml_file(const std::string& path) {
  const ScopedVariable xml("HWLOC_XMLFILE", path);
  HwlocTopologySource source;
  return source.read();
}

struct Destroy {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using Handle = std::unique_ptr<std::remove_pointer_t<hwloc_topology_t>, Destroy>;

Handle load_synthetic(const char* description) {
  hwloc_topology_t raw = nullptr;
  EXPECT_EQ(hwloc_topology_init(&raw), 0);
  EXPECT_EQ(hwloc_topology_set_synthetic(raw, description), 0);
  EXPECT_EQ(hwloc_topology_load(raw), 0);
  return Handle(raw);
}

void add_kind(hwloc_topology_t topology, unsigned first, unsigned last, int efficiency, const char* name,
              const char* mhz) {
  hwloc_bitmap_t set = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(set, first, static_cast<int>(last));
  char name_key[] = "CoreType";
  char mhz_key[] = "FrequencyMaxMHz";
  std::string name_value = name;
  std::string mhz_value = mhz;
  hwloc_info_s infos[] = {{name_key, name_value.data()}, {mhz_key, mhz_value.data()}};
  EXPECT_EQ(hwloc_cpukinds_register(topology, set, efficiency, 2, infos, 0), 0);
  hwloc_bitmap_free(set);
}

void export_to(hwloc_topology_t topology, const std::string& path) {
  ASSERT_EQ(hwloc_topology_export_xml(topology, path.c_str(), 0), 0);
}

TEST(HwlocSource, ThisMachine) {
  HwlocTopologySource source;
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const auto topology = source.read();
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
  EXPECT_TRUE(topology->this_system);
  EXPECT_EQ(topology->origin, "this machine");
  cpu_set_t after;
  ASSERT_EQ(::sched_getaffinity(0, sizeof after, &after), 0);
  EXPECT_TRUE(CPU_EQUAL(&before, &after));
}

TEST(HwlocSource, OneCore) {
  const Topology topology = synthetic("pu:1");
  expect_consistent(topology);
  EXPECT_FALSE(topology.this_system);
  EXPECT_EQ(topology.online, ProcessorNumbers{0});
  EXPECT_EQ(topology.cores.size(), 1U);
  EXPECT_EQ(topology.cores[0].cache, -1);
}

TEST(HwlocSource, TwoPackagesOf96CoresWithTwoThreads) {
  const Topology topology = synthetic("package:2 l3:12 core:8 pu:2");
  expect_consistent(topology);
  EXPECT_EQ(topology.online.size(), 384U);
  EXPECT_EQ(topology.cores.size(), 192U);
  EXPECT_EQ(topology.packages.size(), 2U);
  EXPECT_EQ(topology.caches.size(), 24U);
  EXPECT_EQ(topology.cores[0].cache, topology.cores[7].cache);
  EXPECT_NE(topology.cores[7].cache, topology.cores[8].cache);
  EXPECT_EQ(topology.cores[95].package, 0);
  EXPECT_EQ(topology.cores[96].package, 1);
}

TEST(HwlocSource, L3IsTheGroupEvenUnderAnL4) {
  const Topology topology = synthetic("l4:1 l3:2 l2:2 core:1 pu:1");
  expect_consistent(topology);
  for (const Core& core : topology.cores)
    EXPECT_EQ(topology.caches[static_cast<std::size_t>(core.cache)].level, 3);
}

TEST(HwlocSource, WithoutL3TheOutermostCacheIsTheGroup) {
  const Topology topology = synthetic("package:1 l2:4 core:2 pu:4");
  expect_consistent(topology);
  EXPECT_EQ(topology.caches[static_cast<std::size_t>(topology.cores[0].cache)].level, 2);
  EXPECT_EQ(topology.cores[0].cache, topology.cores[1].cache);
  EXPECT_NE(topology.cores[1].cache, topology.cores[2].cache);
}

TEST(HwlocSource, WithoutCoresAProcessorIsOne) {
  const Topology topology = synthetic("numa:2 pu:3");
  expect_consistent(topology);
  EXPECT_EQ(topology.cores.size(), 6U);
  EXPECT_EQ(topology.cores[3].node, 1);
}

TEST(HwlocSource, NodesWithoutMemory) {
  const Topology topology = synthetic("package:2 [numa(memory=8GB)] core:4 pu:1 ");
  expect_consistent(topology);
  ASSERT_EQ(topology.nodes.size(), 2U);
  EXPECT_GT(topology.nodes[0].memory_bytes, 0U);
  const Topology bare = synthetic("package:2 [numa(memory=0)] core:4 pu:1");
  expect_consistent(bare);
  EXPECT_EQ(bare.nodes[0].memory_bytes, 0U);
  EXPECT_EQ(bare.nodes[0].processors.size(), 4U);
}

TEST(HwlocSource, NodesWithoutProcessorsOrCaches) {
  // Package 1 loses its processors, its node and L3 stay.
  const KernelTree tree;
  const Handle machine = load_synthetic("package:2 [numa(memory=1GB)] l3:1 core:4 pu:1");
  hwloc_bitmap_t keep = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(keep, 0, 3);
  ASSERT_EQ(hwloc_topology_restrict(machine.get(), keep, 0), 0);
  hwloc_bitmap_free(keep);
  export_to(machine.get(), tree.root() + "/m.xml");
  const auto topology = read_xml_file(tree.root() + "/m.xml");
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
  EXPECT_EQ(topology->online.size(), 4U);
  ASSERT_EQ(topology->nodes.size(), 2U);
  EXPECT_TRUE(topology->nodes[1].processors.empty());
}

TEST(HwlocSource, CoreKinds) {
  const KernelTree tree;
  const Handle machine = load_synthetic("package:1 l3:1 core:6 pu:2");
  add_kind(machine.get(), 0, 7, 1, "IntelCore", "5000");
  add_kind(machine.get(), 8, 11, 0, "IntelAtom", "nonsense");
  export_to(machine.get(), tree.root() + "/hybrid.xml");
  const auto topology = read_xml_file(tree.root() + "/hybrid.xml");
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
  ASSERT_EQ(topology->kinds.size(), 2U);
  EXPECT_EQ(topology->kinds[0].name, "IntelAtom");
  EXPECT_EQ(topology->kinds[0].max_mhz, 0);
  EXPECT_EQ(topology->kinds[1].name, "IntelCore");
  EXPECT_EQ(topology->kinds[1].max_mhz, 5000);
  EXPECT_LT(topology->kinds[0].efficiency, topology->kinds[1].efficiency);
  const Capacity able = capacity(*topology, {});
  EXPECT_EQ(able.threads, 12);
  EXPECT_EQ(able.cores, 6);
  EXPECT_EQ(able.performance_cores, 4);
}

TEST(HwlocSource, ProcessorsOfNoKind) {
  const KernelTree tree;
  const Handle machine = load_synthetic("core:4 pu:1");
  add_kind(machine.get(), 0, 1, 0, "some", "100");
  export_to(machine.get(), tree.root() + "/part.xml");
  const auto topology = read_xml_file(tree.root() + "/part.xml");
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
}

TEST(HwlocSource, DisallowedProcessorsAreKnownAndNotUsed) {
  const KernelTree tree;
  const Handle machine = load_synthetic("package:2 core:4 pu:1");
  // hwloc lets only topologies with this flag have processors that are not allowed.
  export_to(machine.get(), tree.root() + "/all.xml");
  hwloc_topology_t raw = nullptr;
  ASSERT_EQ(hwloc_topology_init(&raw), 0);
  const Handle limited(raw);
  ASSERT_EQ(hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED), 0);
  ASSERT_EQ(hwloc_topology_set_xml(raw, (tree.root() + "/all.xml").c_str()), 0);
  ASSERT_EQ(hwloc_topology_load(raw), 0);
  hwloc_bitmap_t some = hwloc_bitmap_alloc();
  hwloc_bitmap_set_range(some, 2, 4);
  ASSERT_EQ(hwloc_topology_allow(raw, some, nullptr, HWLOC_ALLOW_FLAG_CUSTOM), 0);
  hwloc_bitmap_free(some);
  export_to(raw, tree.root() + "/limited.xml");
  const auto topology = read_xml_file(tree.root() + "/limited.xml");
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
  EXPECT_EQ(topology->online.size(), 8U);
  EXPECT_EQ(topology->allowed, (ProcessorNumbers{2, 3, 4}));
  EXPECT_EQ(capacity(*topology, {}).threads, 3);
}

TEST(HwlocSource, OfflineProcessors) {
  const KernelTree tree;
  const Handle machine = load_synthetic("core:4 pu:1");
  export_to(machine.get(), tree.root() + "/m.xml");
  std::ifstream in(tree.root() + "/m.xml");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  const std::string whole = "complete_cpuset=\"0x0000000f\"";
  const auto at = text.find(whole);  // the first one is the machine's
  ASSERT_NE(at, std::string::npos);
  text.replace(at, whole.size(), "complete_cpuset=\"0x0000003f\"");
  tree.write("m.xml", text);
  const auto topology = read_xml_file(tree.root() + "/m.xml");
  ASSERT_TRUE(topology) << topology.error().text();
  expect_consistent(*topology);
  EXPECT_EQ(topology->offline, (ProcessorNumbers{4, 5}));
  EXPECT_EQ(capacity(*topology, {}).threads, 4);
}

TEST(HwlocSource, SyntheticComesBeforeXml) {
  const ScopedVariable xml("HWLOC_XMLFILE", "/nonexistent.xml");
  EXPECT_EQ(synthetic("pu:3").online.size(), 3U);
}

TEST(HwlocSource, EmptyVariablesAreNotSet) {
  const ScopedVariable xml("HWLOC_XMLFILE", "");
  const auto topology = read_synthetic("");
  ASSERT_TRUE(topology);
  EXPECT_TRUE(topology->this_system);
}

// Neither this machine in its place nor a word on stderr.
TEST(HwlocSource, BadSyntheticIsAnErrorAndSilent) {
  for (const char* bad :
       {"bogus", " ", "core:2 pu:0", "package:2 [numa", "package:2 core", "core:-1 pu:1", "((((", "]"}) {
    testing::internal::CaptureStderr();
    const auto topology = read_synthetic(bad);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << bad;
    ASSERT_FALSE(topology) << bad;
    EXPECT_EQ(topology.error().kind, ErrorKind::usage);
    EXPECT_NE(topology.error().what.find("HWLOC_SYNTHETIC"), std::string::npos);
    EXPECT_FALSE(topology.error().remedy.empty());
  }
}

TEST(HwlocSource, ImpossiblyLargeSyntheticIsRefusedAtOnce) {
  for (const char* bad :
       {"pu:1000000000", "package:70000 core:70000 pu:70000", "1000 1000 1000", "65537",
        "package:2 [numa(memory=1GB)] core:40000 pu:1", "core:99999999999999999999999 pu:1"}) {
    const auto topology = read_synthetic(bad);
    ASSERT_FALSE(topology) << bad;
    EXPECT_NE(topology.error().what.find("65536"), std::string::npos) << topology.error().what;
  }
}

TEST(HwlocSource, BadXmlIsAnErrorAndSilent) {
  const KernelTree tree;
  tree.write("empty.xml", "");
  tree.write("text.xml", "root:x:0:0\n");
  tree.write("other.xml", "<?xml version=\"1.0\"?><svg></svg>\n");
  tree.write("bare.xml",
             "<?xml version=\"1.0\"?><!DOCTYPE topology SYSTEM \"hwloc2.dtd\"><topology "
             "version=\"2.0\"></topology>");
  for (const char* name : {"missing.xml", "empty.xml", "text.xml", "other.xml", "bare.xml", ""}) {
    testing::internal::CaptureStderr();
    const auto topology = read_xml_file(tree.root() + "/" + name);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "") << name;
    ASSERT_FALSE(topology) << name;
    EXPECT_NE(topology.error().what.find("HWLOC_XMLFILE"), std::string::npos) << topology.error().what;
    EXPECT_FALSE(topology.error().remedy.empty());
  }
}

TEST(HwlocSource, XmlCutShortNeverGivesAPartOfTheMachine) {
  const KernelTree tree;
  export_to(load_synthetic("package:2 core:2 pu:1").get(), tree.root() + "/m.xml");
  std::ifstream in(tree.root() + "/m.xml");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  ASSERT_GT(text.size(), 1000U);
  for (std::size_t length = 0; length < text.size(); length += 37) {
    tree.write("cut.xml", text.substr(0, length));
    const auto topology = read_xml_file(tree.root() + "/cut.xml");
    if (topology) {
      expect_consistent(*topology);
      EXPECT_EQ(topology->online.size(), 4U) << length;
    }
  }
}

// Bytes changed anywhere: a topology that holds together or an error, never the end of the program.
TEST(HwlocSource, DamagedXmlDoesNotCrash) {
  const KernelTree tree;
  export_to(load_synthetic("package:1 l3:2 core:2 pu:2").get(), tree.root() + "/m.xml");
  std::ifstream in(tree.root() + "/m.xml");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  Rng rng(7);
  for (int round = 0; round < 100; ++round) {
    std::string damaged = text;
    for (std::size_t i = 0; i <= rng.below(3); ++i) {
      const std::size_t at = rng.below(damaged.size());
      if (rng.below(2) == 0) {
        damaged[at] = "0123456789abcdef\"<>/= x-"[rng.below(24)];
      } else {
        damaged.erase(at, rng.below(20));
      }
    }
    tree.write("damaged.xml", damaged);
    const auto topology = read_xml_file(tree.root() + "/damaged.xml");
    if (topology) expect_consistent(*topology);
  }
}

}  // namespace
}  // namespace blastune
