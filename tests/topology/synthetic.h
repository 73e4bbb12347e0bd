// SPDX-License-Identifier: BSD-3-Clause
//
// Machines nobody here has: read through hwloc's variables, or put together by hand.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>

#include "topology/hwloc_source.h"
#include "topology/topology.h"

namespace blastune {

// Sets a variable for as long as it lives.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    ::setenv(name, value.c_str(), 1);
  }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;
  ~ScopedVariable() {
    if (old_) {
      ::setenv(name_, old_->c_str(), 1);
    } else {
      ::unsetenv(name_);
    }
  }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

inline Result<Topology> read_synthetic(const std::string& description) {
  const ScopedVariable synthetic("HWLOC_SYNTHETIC", description);
  HwlocTopologySource source;
  return source.read();
}

// For descriptions that must be understood.
inline Topology synthetic(const std::string& description) {
  auto topology = read_synthetic(description);
  EXPECT_TRUE(topology) << topology.error().text();
  return topology ? *topology : Topology{};
}

struct HandMade {
  int packages = 1;
  int caches_per_package = 1;  // 0: no cache is told
  int cores_per_cache = 4;
  int threads_per_core = 1;
};

// Processors are numbered as Linux usually does: first threads of all cores, then the siblings.
inline Topology hand_made(const HandMade& plan) {
  Topology topology;
  topology.origin = "a test";
  const int caches = std::max(1, plan.caches_per_package);
  const int cores = plan.packages * caches * plan.cores_per_cache;
  topology.packages.resize(static_cast<std::size_t>(plan.packages));
  topology.nodes.resize(static_cast<std::size_t>(plan.packages));
  topology.caches.resize(static_cast<std::size_t>(plan.packages * plan.caches_per_package));
  topology.kinds.resize(1);
  for (int thread = 0; thread < plan.threads_per_core; ++thread) {
    for (int core = 0; core < cores; ++core) {
      const int processor = thread * cores + core;
      const int package = core / (caches * plan.cores_per_cache);
      const int cache = plan.caches_per_package == 0 ? -1 : core / plan.cores_per_cache;
      topology.online.push_back(processor);
      topology.kinds[0].processors.push_back(processor);
      topology.packages[static_cast<std::size_t>(package)].processors.push_back(processor);
      topology.nodes[static_cast<std::size_t>(package)].processors.push_back(processor);
      if (cache >= 0) topology.caches[static_cast<std::size_t>(cache)].processors.push_back(processor);
      if (thread == 0) topology.cores.push_back(Core{{}, package, package, cache, 0});
      topology.cores[static_cast<std::size_t>(core)].processors.push_back(processor);
    }
  }
  for (Cache& cache : topology.caches) cache.level = 3;
  topology.allowed = topology.online;
  return topology;
}

// Fast cores with two hardware threads each (processors 0 .. 2*fast-1), then slow ones with one.
inline Topology hybrid(int fast, int slow) {
  Topology topology;
  topology.origin = "a test";
  topology.kinds = {CoreKind{0, "slow", 0, {}}, CoreKind{1, "fast", 0, {}}};
  int processor = 0;
  // Slow ones come first in the machine's order, to see that this is not the order of use.
  for (int core = 0; core < slow; ++core) topology.cores.push_back(Core{{2 * fast + core}, 0, 0, 0, 0});
  for (int core = 0; core < fast; ++core, processor += 2) {
    topology.cores.push_back(Core{{processor, processor + 1}, 0, 0, 0, 1});
  }
  for (int i = 0; i < 2 * fast + slow; ++i) {
    topology.online.push_back(i);
    topology.kinds[i < 2 * fast ? 1 : 0].processors.push_back(i);
  }
  topology.allowed = topology.online;
  topology.packages = {Package{topology.online, ""}};
  topology.nodes = {NumaNode{0, 0, true, topology.online}};
  topology.caches = {Cache{3, 1 << 25, topology.online}};
  return topology;
}

}  // namespace blastune
