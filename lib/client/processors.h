// SPDX-License-Identifier: BSD-3-Clause
//
// How many processors this process may use now, looked up as often as each source is cheap. One thread at a
// time.
#pragma once

#include <cstdint>

#include "base/cpu_limits.h"

namespace blastune {

class Processors {
 public:
  // now: seconds. runtime_processors: what the OpenMP runtime of the library counts, or 0. It matters where
  // that runtime has bound the asking thread to one processor and its other threads to others
  // (OMP_PROC_BIND): the affinity of one thread is then not that of the process.
  int read(std::int64_t now, int runtime_processors);

 private:
  CpuLimits limits_;
  std::int64_t quota_read_ = -1;
};

}  // namespace blastune
