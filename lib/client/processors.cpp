// SPDX-License-Identifier: BSD-3-Clause
#include "client/processors.h"

#include <dirent.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

namespace blastune {
namespace {

// A look a second must stay cheap in a host of thousands of threads.
constexpr int most_threads = 256;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

void add_affinity_of(pid_t thread, std::vector<int>& processors) {
  const std::vector<int> its = read_affinity(
      [thread](std::size_t bytes, cpu_set_t* mask) { return ::sched_getaffinity(thread, bytes, mask); });
  if (its == processors) return;
  std::vector<int> all;
  all.reserve(its.size() + processors.size());
  std::set_union(its.begin(), its.end(), processors.begin(), processors.end(), std::back_inserter(all));
  processors = std::move(all);
}

}  // namespace

std::vector<int> affinity_of_all_threads() {
  std::vector<int> processors;
  // Also when /proc is not there or no descriptor is left.
  add_affinity_of(0, processors);
  add_affinity_of(::getpid(), processors);
  const std::unique_ptr<DIR, CloseDirectory> tasks(::opendir("/proc/self/task"));
  if (!tasks) return processors;
  int threads = 0;
  for (const dirent* entry = nullptr;
       threads < most_threads && (entry = ::readdir(tasks.get())) != nullptr;) {
    const std::string_view name = entry->d_name;
    pid_t thread = 0;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), thread);
    if (problem != std::errc() || end != name.data() + name.size()) continue;
    add_affinity_of(thread, processors);
    ++threads;
  }
  return processors;
}

int Processors::read(std::int64_t now, bool force, bool whole_process, int runtime_processors) {
  if (force || now != read_at_) {
    limits_.quota_cores.reset();
    read_cpu_quota({}, limits_);
    affinity_of_all_.reset();
    read_at_ = now;
  }
  if (whole_process && !affinity_of_all_) affinity_of_all_ = affinity_of_all_threads();
  limits_.affinity = whole_process ? *affinity_of_all_ : std::vector<int>();
  add_affinity_of(0, limits_.affinity);
  add_affinity_of(::getpid(), limits_.affinity);
  const int usable = usable_processors(limits_);
  if (runtime_processors <= usable) return usable;
  return limits_.quota_cores
             ? std::min(runtime_processors, std::max(usable, threads_of_quota(*limits_.quota_cores)))
             : runtime_processors;
}

ProcessorSet Processors::where(int capacity, int online) const {
  const auto are = [](const std::vector<int>& processors, int count) {
    return static_cast<int>(processors.size()) >= std::max(count, 1);
  };
  const bool is_bound = !limits_.affinity.empty() && !are(limits_.affinity, capacity);
  const std::vector<int> processors = is_bound ? affinity_of_all_threads() : limits_.affinity;
  // Before its other threads run, nothing tells where they will.
  const bool is_everywhere = processors.empty() || are(processors, online) || !are(processors, capacity);
  return is_everywhere ? ProcessorSet::all() : ProcessorSet::of(processors);
}

}  // namespace blastune
