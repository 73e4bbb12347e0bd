// SPDX-License-Identifier: BSD-3-Clause
//
// How many threads of other processes run or want to run at this very moment, by the kernel's own count. One
// moment says little, but it is all there is before the first two looks at how the processors were used.
#pragma once

#include <optional>

namespace blastune {

// Nothing where the kernel does not tell, or hides other processes. Does not allocate; some microseconds, and
// one more for each thread of this process. Any thread. loadavg, tasks: /proc/loadavg and /proc/self/task,
// but for tests.
[[nodiscard]] std::optional<int> read_running_others(const char* loadavg, const char* tasks);

}  // namespace blastune
