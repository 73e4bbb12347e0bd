// SPDX-License-Identifier: BSD-3-Clause
#include "client/processors.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>

namespace blastune {
namespace {

// The quota is spread over several files; administrators do not change it by the second.
constexpr std::int64_t quota_seconds = 10;

}  // namespace

int Processors::read(std::int64_t now, int runtime_processors) {
  if (quota_read_ < 0 || now < quota_read_ || now - quota_read_ >= quota_seconds) {
    limits_.quota_cores.reset();
    read_cpu_quota({}, limits_);
    quota_read_ = now;
  }
  // A program may bind single threads and leave the rest free, so the asking thread's is not all there is.
  const auto affinity_of = [](pid_t thread) {
    return read_affinity(
        [thread](std::size_t bytes, cpu_set_t* mask) { return ::sched_getaffinity(thread, bytes, mask); });
  };
  limits_.affinity = affinity_of(0);
  std::vector<int> first_thread = affinity_of(::getpid());
  if (first_thread.size() > limits_.affinity.size()) limits_.affinity = std::move(first_thread);
  const int usable = usable_processors(limits_);
  if (runtime_processors <= usable) return usable;
  return limits_.quota_cores
             ? std::min(runtime_processors, std::max(usable, threads_of_quota(*limits_.quota_cores)))
             : runtime_processors;
}

}  // namespace blastune
