// SPDX-License-Identifier: BSD-3-Clause
//
// What happened to this process and its machine between two moments: the context of a burst.
//
// Descriptors of the kernel's files stay open, so that a reading costs a few system calls. Where the kernel
// does not tell, the figure is 0.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "model/burst.h"

namespace blastune {

// Seconds of CLOCK_MONOTONIC.
[[nodiscard]] double now_seconds();

// How long this process's threads stood runnable without a processor, all together.
class RunQueueWait {
 public:
  RunQueueWait();
  // Follows threads that came and went since the last reading.
  [[nodiscard]] double seconds();

 private:
  struct Thread {
    pid_t id = 0;
    UniqueFd file;
    std::uint64_t nanoseconds = 0;  // as last read; kept in the sum when the thread ends
  };
  void list_threads();

  UniqueFd directory_;
  std::vector<Thread> threads_;
  std::uint64_t ended_nanoseconds_ = 0;
};

// Time that the hypervisor gave to others, all processors together.
class StealTime {
 public:
  StealTime();
  [[nodiscard]] double seconds();

 private:
  UniqueFd file_;
  double last_ = 0;
  double read_at_ = 0;
};

class BurstMeter {
 public:
  void begin();
  [[nodiscard]] BurstContext end();

 private:
  struct Reading {
    double wall = 0;
    double cpu = 0;
    double wait = 0;
    double steal = 0;
    std::int64_t switches = 0;
  };
  RunQueueWait wait_;
  StealTime steal_;
  Reading start_;
};

}  // namespace blastune
