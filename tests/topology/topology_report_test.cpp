// SPDX-License-Identifier: BSD-3-Clause
#include "cli/topology_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/topology/synthetic.h"

namespace blastune {
namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(TopologyReport, TextCountsEqualPartsTogether) {
  const std::string text = topology_text(synthetic("package:2 l3:12 core:8 pu:2"), {});
  EXPECT_TRUE(contains(text, "Packages       2 x 192 processors\n")) << text;
  EXPECT_TRUE(contains(text, "L3 caches      24 x 16 MiB, 8 cores\n")) << text;
  EXPECT_TRUE(contains(text, "Cores          192 x 2 hardware threads\n")) << text;
  EXPECT_TRUE(contains(text, "Capacity       384 threads on 192 cores\n")) << text;
  EXPECT_TRUE(contains(text, "another machine")) << text;
}

TEST(TopologyReport, LinesFitATerminal) {
  for (const Topology& topology : {hand_made({2, 12, 8, 2}), hybrid(8, 16)}) {
    std::istringstream lines(topology_text(topology, {}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
  }
}

TEST(TopologyReport, TextNamesLimits) {
  CpuLimits limits;
  limits.affinity = {0, 1, 3};
  limits.quota_cores = 1.5;
  limits.quota_file = "/sys/fs/cgroup/job/cpu.max";
  Topology topology = hand_made({1, 1, 4, 1});
  topology.offline = {4, 5};
  topology.allowed = {0, 1, 2};
  const std::string text = topology_text(topology, limits);
  EXPECT_TRUE(contains(text, "3 processors: 0-1,3")) << text;
  EXPECT_TRUE(contains(text, "1.50 processors' worth of time (/sys/fs/cgroup/job/cpu.max)")) << text;
  EXPECT_TRUE(contains(text, "2 offline: 4-5")) << text;
  EXPECT_TRUE(contains(text, "1 not allowed: 3")) << text;
  EXPECT_TRUE(contains(text, "Capacity       1 thread on 1 core\n")) << text;
}

TEST(TopologyReport, TextShowsKindsFastestFirst) {
  const std::string text = topology_text(hybrid(2, 3), {});
  EXPECT_LT(text.find("2 cores (4 processors), fast"), text.find("3 cores (3 processors), slow")) << text;
  EXPECT_TRUE(contains(text, "7 threads on 5 cores, 2 of the fastest kind")) << text;
}

TEST(TopologyReport, JsonHasEveryKey) {
  CpuLimits limits;
  limits.affinity = {0, 1, 2};
  limits.quota_cores = 2.5;
  limits.quota_file = "/f";
  const auto json = nlohmann::json::parse(topology_json(hybrid(2, 3), limits));
  EXPECT_EQ(json.at("schema"), 1);
  EXPECT_EQ(json.at("this_system"), true);
  std::set<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.insert(key);
  EXPECT_EQ(keys, (std::set<std::string>{"schema", "origin", "this_system", "packages", "numa_nodes",
                                         "caches", "core_kinds", "cores", "processors", "limits", "capacity",
                                         "candidate_threads"}));
  EXPECT_EQ(json.at("limits").at("affinity"), nlohmann::json({0, 1, 2}));
  EXPECT_EQ(json.at("limits").at("quota_cores"), 2.5);
  EXPECT_EQ(json.at("capacity").at("threads"), 2);
  EXPECT_EQ(json.at("capacity").at("cores"), 2);
  EXPECT_EQ(json.at("candidate_threads"), nlohmann::json({1, 2}));
  EXPECT_EQ(json.at("core_kinds").at(1).at("name"), "fast");
  EXPECT_TRUE(json.at("core_kinds").at(1).at("max_mhz").is_null());
  EXPECT_EQ(json.at("cores").size(), 5U);
}

TEST(TopologyReport, JsonOfAnotherMachineHasNoLimits) {
  CpuLimits limits;
  limits.affinity = {0};
  limits.quota_cores = 1;
  const auto json = nlohmann::json::parse(topology_json(synthetic("core:4 pu:1"), limits));
  EXPECT_TRUE(json.at("limits").at("affinity").is_null());
  EXPECT_TRUE(json.at("limits").at("quota_cores").is_null());
  EXPECT_TRUE(json.at("limits").at("quota_file").is_null());
  EXPECT_EQ(json.at("capacity").at("threads"), 4);
}

TEST(TopologyReport, JsonSurvivesForeignBytes) {
  Topology topology = hand_made({1, 1, 1, 1});
  topology.packages[0].model = "A\xff\"\n";
  EXPECT_TRUE(nlohmann::json::accept(topology_json(topology, {})));
}

TEST(TopologyReport, RunsOnThisMachine) {
  std::ostringstream out;
  ASSERT_TRUE(run_topology(false, out));
  EXPECT_TRUE(contains(out.str(), "Capacity"));
  std::ostringstream json;
  ASSERT_TRUE(run_topology(true, json));
  EXPECT_TRUE(nlohmann::json::accept(json.str()));
}

TEST(TopologyReport, FailuresAreTold) {
  std::ostringstream broken;
  broken.setstate(std::ios::badbit);
  EXPECT_FALSE(run_topology(false, broken));
  const ScopedVariable synthetic("HWLOC_SYNTHETIC", "nonsense");
  std::ostringstream out;
  EXPECT_FALSE(run_topology(false, out));
  EXPECT_EQ(out.str(), "");
}

}  // namespace
}  // namespace blastune
