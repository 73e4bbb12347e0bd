// SPDX-License-Identifier: BSD-3-Clause
//
// _exit() and _Exit(): children of fork() end by them, Python's multiprocessing among others, and nothing
// that is to happen at the end of a process happens then. These two stand in for the system's so that such a
// child tells its statistics too; without --stats they only hand on.
//
// A process may end that way anywhere: in a signal handler, in the child of a vfork() on its parent's memory.
// So what is called here allocates nothing, takes no lock, and does nothing for another process's memory.
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>

#include "blastune/blastune.h"
#include "preload/process_stats.h"

namespace {

using Exit = void (*)(int);
// Of whoever stands in for it as well, or the system's; found early, because looking takes locks.
Exit next_exit = nullptr;

[[gnu::constructor]] void find_next_exit() {
  next_exit = reinterpret_cast<Exit>(::dlsym(RTLD_NEXT, "_exit"));
}

[[noreturn]] void end(int status) {
  blastune::tell_what_was_done();
  if (next_exit != nullptr) next_exit(status);
  for (;;) ::syscall(SYS_exit_group, status);
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming): the system's own
extern "C" BLASTUNE_API void _exit(int status) {
  end(status);
}

extern "C" BLASTUNE_API void _Exit(int status) noexcept {
  end(status);
}
// NOLINTEND(readability-identifier-naming)
