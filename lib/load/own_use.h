// SPDX-License-Identifier: BSD-3-Clause
//
// Processor time that is our own and must be taken out of what the machine shows. Any thread may call this.
//
// The kernel's processor-time clocks are asked, not /proc: they count nanoseconds where /proc/PID/stat counts
// ticks of 10 ms, they hold the threads that have ended, which /proc/PID/task forgets, they need no file and
// no privilege, and they answer until the process has been waited for. Of another process that runs right now
// they lag by up to the kernel's own tick (1 to 10 ms a thread).
//
// What a service and its workers used: own_cpu_seconds() + process_cpu_seconds() of each worker that has not
// been waited for. The sum does not jump when one is.
#pragma once

#include <sys/types.h>

#include <optional>

namespace blastune {

// This process, and its children that were waited for, with theirs.
[[nodiscard]] double own_cpu_seconds();

// All threads of that process, those that ended included, its children not. Nothing when there is none.
[[nodiscard]] std::optional<double> process_cpu_seconds(pid_t process);

}  // namespace blastune
