// SPDX-License-Identifier: BSD-3-Clause
#include "cli/topology_report.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <string_view>
#include <utility>
#include <vector>

#include "base/kernel_file.h"
#include "topology/candidates.h"
#include "topology/capacity.h"
#include "topology/hwloc_source.h"

namespace blastune {
namespace {

constexpr int schema_version = 1;

// "32 MiB", "27.5 MiB": in the largest unit that leaves a whole number of it, with a decimal where it says
// something.
std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  std::string number = value >= 100 ? fmt::format("{:.0f}", value) : fmt::format("{:.1f}", value);
  if (number.ends_with(".0")) number.resize(number.size() - 2);
  return number + " " + std::string(units[unit]);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

// Equal descriptions once, with how many there are, in the order they first come.
std::vector<std::string> tally(const std::vector<std::string>& descriptions) {
  std::vector<std::pair<std::string, std::size_t>> found;
  for (const std::string& description : descriptions) {
    const auto same = std::find_if(found.begin(), found.end(),
                                   [&](const auto& entry) { return entry.first == description; });
    if (same == found.end()) {
      found.emplace_back(description, 1);
    } else {
      ++same->second;
    }
  }
  std::vector<std::string> lines;
  lines.reserve(found.size());
  for (const auto& [description, count] : found) lines.push_back(fmt::format("{} x {}", count, description));
  return lines;
}

// Title on the first line of an entry, the others below it.
void add(std::string& text, std::string_view title, const std::vector<std::string>& lines) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text += fmt::format("  {:<15}{}\n", i == 0 ? title : std::string_view(), lines[i]);
  }
}

std::size_t cores_sharing(const Topology& topology, const Cache& cache) {
  return static_cast<std::size_t>(
      std::count_if(topology.cores.begin(), topology.cores.end(), [&](const Core& core) {
        return std::binary_search(cache.processors.begin(), cache.processors.end(), core.processors.front());
      }));
}

void add_caches(std::string& text, const Topology& topology) {
  for (int level = 5; level >= 1; --level) {
    std::vector<std::string> lines;
    for (const Cache& cache : topology.caches) {
      if (cache.level != level) continue;
      const std::string size = cache.bytes == 0 ? "unknown size" : bytes_text(cache.bytes);
      lines.push_back(fmt::format("{}, {}", size, counted(cores_sharing(topology, cache), "core")));
    }
    add(text, fmt::format("L{} caches", level), tally(lines));
  }
}

std::vector<std::string> package_lines(const Topology& topology) {
  std::vector<std::string> lines;
  for (const Package& package : topology.packages) {
    const std::string model(trim(package.model));
    lines.push_back((model.empty() ? "" : model + ", ") + counted(package.processors.size(), "processor"));
  }
  return tally(lines);
}

// Recorded topologies often carry no sizes at all; then a node without one tells nothing.
bool memory_told(const Topology& topology) {
  return std::any_of(topology.nodes.begin(), topology.nodes.end(),
                     [](const NumaNode& node) { return node.memory_bytes != 0; });
}

std::vector<std::string> node_lines(const Topology& topology) {
  const bool sizes_told = memory_told(topology);
  std::vector<std::string> lines;
  for (const NumaNode& node : topology.nodes) {
    std::string line =
        node.processors.empty() ? "no processors" : counted(node.processors.size(), "processor");
    if (sizes_told) line += node.memory_bytes == 0 ? ", no memory" : ", " + bytes_text(node.memory_bytes);
    if (!node.allowed) line += ", not allowed";
    lines.push_back(std::move(line));
  }
  return tally(lines);
}

std::vector<std::string> core_lines(const Topology& topology) {
  std::vector<std::string> lines;
  for (const Core& core : topology.cores) lines.push_back(counted(core.processors.size(), "hardware thread"));
  return tally(lines);
}

std::vector<std::string> kind_lines(const Topology& topology) {
  if (topology.kinds.size() < 2) return {"all alike"};
  std::vector<std::string> lines;
  for (std::size_t i = topology.kinds.size(); i-- > 0;) {  // the fastest first
    const CoreKind& kind = topology.kinds[i];
    const auto cores = std::count_if(topology.cores.begin(), topology.cores.end(),
                                     [&](const Core& core) { return core.kind == static_cast<int>(i); });
    std::string line = fmt::format("{} ({})", counted(static_cast<std::size_t>(cores), "core"),
                                   counted(kind.processors.size(), "processor"));
    if (!kind.name.empty()) line += ", " + kind.name;
    if (kind.efficiency >= 0) line += fmt::format(", speed rank {}", kind.efficiency);
    if (kind.max_mhz > 0) line += fmt::format(", up to {} MHz", kind.max_mhz);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> processor_lines(const Topology& topology) {
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("{} online: {}", topology.online.size(), format_processor_list(topology.online)));
  if (!topology.offline.empty()) {
    // A recording may also lack processors that were only forbidden to whoever made it.
    lines.push_back(fmt::format("{} {}: {}", topology.offline.size(),
                                topology.this_system ? "offline" : "offline or not recorded",
                                format_processor_list(topology.offline)));
  }
  ProcessorNumbers forbidden;
  std::set_difference(topology.online.begin(), topology.online.end(), topology.allowed.begin(),
                      topology.allowed.end(), std::back_inserter(forbidden));
  if (!forbidden.empty()) {
    lines.push_back(fmt::format("{} not allowed: {}", forbidden.size(), format_processor_list(forbidden)));
  }
  return lines;
}

std::string affinity_text(const Topology& topology, const CpuLimits& limits) {
  if (limits.affinity.empty()) return "not known";
  if (std::includes(limits.affinity.begin(), limits.affinity.end(), topology.online.begin(),
                    topology.online.end())) {
    return "none, every processor that is online";
  }
  return fmt::format("{}: {}", counted(limits.affinity.size(), "processor"),
                     format_processor_list(limits.affinity));
}

std::string quota_text(const CpuLimits& limits) {
  if (!limits.quota_cores) return "none";
  return fmt::format("{:.2f} processors' worth of time ({})", *limits.quota_cores, limits.quota_file);
}

std::string capacity_text(const Capacity& capacity) {
  std::string text = fmt::format("{} on {}", counted(static_cast<std::size_t>(capacity.threads), "thread"),
                                 counted(static_cast<std::size_t>(capacity.cores), "core"));
  if (capacity.performance_cores < capacity.cores)
    text += fmt::format(", {} of the fastest kind", capacity.performance_cores);
  return text;
}

// Counts in lines short enough for a terminal.
std::vector<std::string> count_lines(const std::vector<int>& counts) {
  constexpr std::size_t width = 60;
  std::vector<std::string> lines(1);
  for (const int count : counts) {
    const std::string number = std::to_string(count);
    if (!lines.back().empty() && lines.back().size() + 1 + number.size() > width) lines.emplace_back();
    if (!lines.back().empty()) lines.back() += ' ';
    lines.back() += number;
  }
  return lines;
}

template <class Value>
nlohmann::ordered_json or_null(bool known, const Value& value) {
  return known ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

nlohmann::ordered_json machine_json(const Topology& topology) {
  using Json = nlohmann::ordered_json;
  Json machine;
  machine["packages"] = Json::array();
  for (const Package& package : topology.packages) {
    machine["packages"].push_back(
        {{"model", or_null(!package.model.empty(), package.model)}, {"processors", package.processors}});
  }
  machine["numa_nodes"] = Json::array();
  for (const NumaNode& node : topology.nodes) {
    machine["numa_nodes"].push_back({{"number", node.number},
                                     {"memory_bytes", or_null(memory_told(topology), node.memory_bytes)},
                                     {"allowed", node.allowed},
                                     {"processors", node.processors}});
  }
  machine["caches"] = Json::array();
  for (const Cache& cache : topology.caches) {
    machine["caches"].push_back({{"level", cache.level},
                                 {"bytes", or_null(cache.bytes != 0, cache.bytes)},
                                 {"processors", cache.processors}});
  }
  machine["core_kinds"] = Json::array();
  for (const CoreKind& kind : topology.kinds) {
    machine["core_kinds"].push_back({{"efficiency", or_null(kind.efficiency >= 0, kind.efficiency)},
                                     {"name", or_null(!kind.name.empty(), kind.name)},
                                     {"max_mhz", or_null(kind.max_mhz != 0, kind.max_mhz)},
                                     {"processors", kind.processors}});
  }
  machine["cores"] = Json::array();
  for (const Core& core : topology.cores) {
    machine["cores"].push_back({{"processors", core.processors},
                                {"package", or_null(core.package >= 0, core.package)},
                                {"numa_node", or_null(core.node >= 0, core.node)},
                                {"cache", or_null(core.cache >= 0, core.cache)},
                                {"kind", core.kind}});
  }
  machine["processors"] = {
      {"online", topology.online}, {"offline", topology.offline}, {"allowed", topology.allowed}};
  return machine;
}

}  // namespace

std::string topology_text(const Topology& topology, const CpuLimits& limits) {
  const Capacity able = capacity(topology, limits);
  std::string text = fmt::format("Machine ({})\n", topology.origin);
  add(text, "Packages", package_lines(topology));
  add(text, "NUMA nodes", node_lines(topology));
  add_caches(text, topology);
  add(text, "Cores", core_lines(topology));
  add(text, "Core kinds", kind_lines(topology));
  add(text, "Processors", processor_lines(topology));
  text += "Limits of this process\n";
  if (topology.this_system) {
    add(text, "Affinity", {affinity_text(topology, limits)});
    add(text, "Quota", {quota_text(limits)});
  } else {
    add(text, "Not applied", {"this is another machine's topology"});
  }
  text += "Thread counts\n";
  add(text, "Capacity", {capacity_text(able)});
  add(text, "To measure", count_lines(candidate_threads(topology, able)));
  return text;
}

std::string topology_json(const Topology& topology, const CpuLimits& limits) {
  const Capacity able = capacity(topology, limits);
  nlohmann::ordered_json root;
  root["schema"] = schema_version;
  root["origin"] = topology.origin;
  root["this_system"] = topology.this_system;
  root.update(machine_json(topology));
  const bool quota = able.quota_cores.has_value();
  root["limits"] = {{"affinity", or_null(able.affinity_applied, limits.affinity)},
                    {"quota_cores", or_null(quota, able.quota_cores.value_or(0))},
                    {"quota_file", or_null(quota, limits.quota_file)}};
  root["capacity"] = {{"threads", able.threads},
                      {"cores", able.cores},
                      {"performance_cores", able.performance_cores},
                      {"processors", able.processors}};
  root["candidate_threads"] = candidate_threads(topology, able);
  // Names and paths come from outside and need not be UTF-8.
  return root.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

Result<void> run_topology(bool json, std::ostream& out) {
  HwlocTopologySource source;
  const auto topology = source.read();
  if (!topology) return topology.error();
  const CpuLimits limits = read_cpu_limits();
  out << (json ? topology_json(*topology, limits) : topology_text(*topology, limits)) << std::flush;
  if (!out)
    return Error{ErrorKind::unavailable, "cannot write the topology to standard output",
                 "check that what it is piped to is there and the disk is not full"};
  return {};
}

}  // namespace blastune
