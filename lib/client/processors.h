// SPDX-License-Identifier: BSD-3-Clause
//
// How many processors this process may use now: its affinity, and the quotas of its control groups. Both are
// read anew with every second. One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/cpu_limits.h"
#include "load/processor_use.h"

namespace blastune {

class Processors {
 public:
  // now: seconds. force: read again within the same second. runtime_processors: what an
  // OpenMP runtime that binds its threads counts, or 0: until those threads run, only the one that is bound
  // already can be seen.
  // whole_process: count where any thread may run, which holds for a library that keeps threads of its own;
  // an OpenMP runtime's threads run where the one that calls may.
  int read(std::int64_t now, bool force, bool whole_process, int runtime_processors);

  // Which ones, as read() found last. capacity: the most that it told of; where that is more than those that
  // were found, an OpenMP runtime has bound the thread that asked, and others run elsewhere. online: of the
  // machine; 0 when unknown.
  [[nodiscard]] ProcessorSet where(int capacity, int online) const;

 private:
  CpuLimits limits_;
  std::optional<std::vector<int>> affinity_of_all_;  // nothing: nobody has asked in this second
  std::int64_t read_at_ = -1;
};

// Where any of this process's threads may run; ascending. A program may bind single threads, so that of one
// thread is not that of the process. The first few hundred threads are looked at.
[[nodiscard]] std::vector<int> affinity_of_all_threads();

}  // namespace blastune
