// SPDX-License-Identifier: BSD-3-Clause
#include "base/machine_signature.h"

#include <gtest/gtest.h>
#include <sched.h>

#include "tests/base/kernel_tree.h"

namespace blastune {
namespace {

std::string x86_entry(int processor) {
  return "processor\t: " + std::to_string(processor) +
         "\nvendor_id\t: GenuineIntel\nmodel\t\t: 63\nmodel name\t: Intel(R) Xeon(R)  CPU E5-2680 v3 @ "
         "2.50GHz\ncpu MHz\t\t: " +
         std::to_string(1200 + processor) + ".5\n\n";
}

void add_cache(const KernelTree& tree, int processor, int index, const std::string& level,
               const std::string& type, const std::string& size) {
  const std::string directory =
      "sys/devices/system/cpu/cpu" + std::to_string(processor) + "/cache/index" + std::to_string(index);
  tree.write(directory + "/level", level + "\n");
  tree.write(directory + "/type", type + "\n");
  tree.write(directory + "/size", size + "\n");
}

void make_server(const KernelTree& tree) {
  std::string cpuinfo;
  for (int processor = 0; processor < 48; ++processor) cpuinfo += x86_entry(processor);
  tree.write("proc/cpuinfo", cpuinfo);
  tree.write("sys/devices/system/cpu/present", "0-47\n");
  tree.write("sys/devices/system/node/online", "0-1\n");
  tree.write("sys/devices/system/node/possible", "0-255\n");
  for (int processor = 0; processor < 2; ++processor) {
    add_cache(tree, processor, 0, "1", "Data", "32K");
    add_cache(tree, processor, 1, "1", "Instruction", "32K");
    add_cache(tree, processor, 2, "2", "Unified", "256K");
    add_cache(tree, processor, 3, "3", "Unified", "30720K");
  }
}

std::string model_of(const std::string& cpuinfo) {
  const KernelTree tree;
  tree.write("proc/cpuinfo", cpuinfo);
  tree.write("sys/devices/system/cpu/present", "0-3\n");
  const auto signature = read_machine_signature(tree.paths());
  return signature ? signature->cpu_model : "error: " + signature.error().text();
}

TEST(MachineSignature, Server) {
  const KernelTree tree;
  make_server(tree);
  const auto signature = read_machine_signature(tree.paths());
  ASSERT_TRUE(signature) << signature.error().text();
  EXPECT_EQ(*signature, (MachineSignature{"Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz", 48, 2, 31'457'280}));
  EXPECT_EQ(
      describe(*signature),
      "Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz, 48 processors, 2 NUMA nodes, 30 MiB last-level cache");
}

TEST(MachineSignature, OfflineProcessorsDoNotMakeAnotherMachine) {
  const KernelTree tree;
  make_server(tree);
  const auto before = read_machine_signature(tree.paths());
  // Processor 0 switched off: its entry and its caches are gone, "present" is as it was.
  std::string cpuinfo;
  for (int processor = 1; processor < 48; ++processor) cpuinfo += x86_entry(processor);
  tree.write("proc/cpuinfo", cpuinfo);
  tree.write("sys/devices/system/cpu/online", "1-47\n");
  tree.remove("sys/devices/system/cpu/cpu0");
  const auto after = read_machine_signature(tree.paths());
  ASSERT_TRUE(before && after);
  EXPECT_EQ(*before, *after);
}

TEST(MachineSignature, AffinityDoesNotMakeAnotherMachine) {
  const auto before = read_machine_signature();
  if (!before) GTEST_SKIP() << before.error().text();
  cpu_set_t all;
  ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (std::size_t processor = 0; processor < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++processor) {
    if (CPU_ISSET(processor, &all)) CPU_SET(processor, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  const auto after = read_machine_signature();
  ASSERT_EQ(::sched_setaffinity(0, sizeof all, &all), 0);
  ASSERT_TRUE(after);
  EXPECT_EQ(*before, *after);
}

TEST(MachineSignature, ArmNamesEveryKindInWhateverOrder) {
  const auto entry = [](const std::string& part) {
    return "processor\t: 0\nBogoMIPS\t: 38.40\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: "
           "0x2\nCPU part\t: " +
           part + "\nCPU revision\t: 0\n\n";
  };
  const std::string big = entry("0xd0b");
  const std::string little = entry("0xd05");
  EXPECT_EQ(model_of(big + big), "ARM implementer 0x41 part 0xd0b variant 0x2");
  EXPECT_EQ(model_of(little + little + big + big),
            "ARM implementer 0x41 part 0xd05 variant 0x2 + ARM implementer 0x41 part 0xd0b variant 0x2");
  EXPECT_EQ(model_of(little + big), model_of(big + little + little));
}

TEST(MachineSignature, OtherKernelsWords) {
  EXPECT_EQ(model_of("processor\t: 0\ncpu\t\t: POWER9 (architected), altivec supported\nclock\t: 2300MHz\n"),
            "POWER9 (architected), altivec supported");
  EXPECT_EQ(model_of("vendor_id       : IBM/S390\n# processors    : 2\nbogomips per cpu: 3033.00\nprocessor "
                     "0: version = FF,  "
                     "identification = 012345,  machine = 8561\n"),
            "IBM/S390 machine 8561");
  EXPECT_EQ(
      model_of("processor\t: 0\nhart\t\t: 1\nisa\t\t: rv64imafdc\nmmu\t\t: sv39\nuarch\t\t: sifive,u74-mc\n"),
      "sifive,u74-mc");
  EXPECT_EQ(model_of("system type\t\t: generic\nprocessor\t\t: 0\nModel Name\t\t: Loongson-3A5000\n"),
            "Loongson-3A5000");
  EXPECT_EQ(model_of("Processor\t: ARMv7 Processor rev 10 (v7l)\nprocessor\t: 0\n"),
            "ARMv7 Processor rev 10 (v7l)");
  EXPECT_EQ(model_of("processor\t: 0\n"), "unknown processor");
  EXPECT_EQ(model_of(""), "unknown processor");
}

TEST(MachineSignature, NameIsMadeSafeToStore) {
  EXPECT_EQ(model_of("model name\t:   A \t  B\x01\x80 \n"), "A B??");
  EXPECT_EQ(model_of("model name\t: " + std::string(100'000, 'x') + "\nmodel name\t: y\n").size(), 128U);
  EXPECT_EQ(model_of("model name\t:\nmodel name\t: y\n"), "y");
}

TEST(MachineSignature, WithoutSysfsCountsEntries) {
  const KernelTree tree;
  std::string cpuinfo;
  for (int processor = 0; processor < 200; ++processor) cpuinfo += x86_entry(processor);
  tree.write("proc/cpuinfo", cpuinfo);
  const auto signature = read_machine_signature(tree.paths());
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->processors, 200);
  EXPECT_EQ(signature->numa_nodes, 1);
  EXPECT_EQ(signature->last_level_cache_bytes, 0);
  EXPECT_EQ(describe(*signature), "Intel(R) Xeon(R) CPU E5-2680 v3 @ 2.50GHz, 200 processors, 1 NUMA node");
}

TEST(MachineSignature, NothingReadableIsAnErrorWithARemedy) {
  const KernelTree tree;
  const auto nothing = read_machine_signature(tree.paths());
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().what.find("cpuinfo"), std::string::npos);
  EXPECT_FALSE(nothing.error().remedy.empty());
  tree.write("proc/cpuinfo", "model name : x\n");
  const auto uncounted = read_machine_signature(tree.paths());
  ASSERT_FALSE(uncounted);
  EXPECT_FALSE(uncounted.error().remedy.empty());
}

TEST(MachineSignature, DamagedSysfs) {
  const KernelTree tree;
  make_server(tree);
  tree.write("sys/devices/system/cpu/present", "0-\n");
  tree.write("sys/devices/system/node/online", "what\n");
  tree.write("sys/devices/system/node/possible", "0-3\n");
  for (int processor = 0; processor < 2; ++processor) add_cache(tree, processor, 3, "3", "Unified", "-1K");
  const auto signature = read_machine_signature(tree.paths());
  ASSERT_TRUE(signature);
  EXPECT_EQ(signature->processors, 48);
  EXPECT_EQ(signature->numa_nodes, 4);
}

TEST(MachineSignature, CacheSizes) {
  const KernelTree tree;
  tree.write("proc/cpuinfo", x86_entry(0));
  tree.write("sys/devices/system/cpu/present", "0\n");
  const auto bytes = [&](const std::string& size) {
    add_cache(tree, 0, 0, "2", "Unified", size);
    return read_machine_signature(tree.paths())->last_level_cache_bytes;
  };
  EXPECT_EQ(bytes("512K"), 524'288);
  EXPECT_EQ(bytes("1M"), 1'048'576);
  EXPECT_EQ(bytes("100"), 100);
  EXPECT_EQ(bytes(""), 0);
  EXPECT_EQ(bytes("K"), 0);
  EXPECT_EQ(bytes("99999999999999999G"), 0);
  // An instruction cache is not what the operands live in, whatever its index.
  add_cache(tree, 0, 0, "2", "Unified", "1M");
  add_cache(tree, 0, 1, "2", "Instruction", "2M");
  EXPECT_EQ(read_machine_signature(tree.paths())->last_level_cache_bytes, 1'048'576);
}

}  // namespace
}  // namespace blastune
