// SPDX-License-Identifier: BSD-3-Clause
//
// How long the threads of a process were ready to run and had no processor. The kernel counts it for each
// (schedstat), and that is what a collision is, and nothing else is: not a cold cache, a page that is
// missing, a debugger that halts the program.
#pragma once

#include <optional>

namespace blastune {

// Seconds, since they were made, of the threads that are there now; the first 512 of them. It falls when one
// ends. Nothing where the kernel does not count. Does not allocate; some microseconds a thread. Any thread.
// directory: /proc/self/task, but for tests.
[[nodiscard]] std::optional<double> read_waited_seconds(const char* directory);

}  // namespace blastune
