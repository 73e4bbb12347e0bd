// SPDX-License-Identifier: BSD-3-Clause
#include "load/own_use.h"

#include <sys/resource.h>
#include <time.h>

namespace blastune {
namespace {

double seconds_of(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

double own_cpu_seconds() {
  timespec own{};
  rusage children{};
  double seconds = 0;
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) == 0) seconds += seconds_of(own);
  if (::getrusage(RUSAGE_CHILDREN, &children) == 0) {
    seconds += seconds_of(children.ru_utime) + seconds_of(children.ru_stime);
  }
  return seconds;
}

std::optional<double> process_cpu_seconds(pid_t process) {
  clockid_t clock{};
  timespec used{};
  // Process 0 would be this one; a number larger than Linux gives would lose its upper bits in the clock's.
  constexpr pid_t largest = 1 << 22;
  if (process <= 0 || process > largest || ::clock_getcpuclockid(process, &clock) != 0) return std::nullopt;
  if (::clock_gettime(clock, &used) != 0) return std::nullopt;
  return seconds_of(used);
}

}  // namespace blastune
