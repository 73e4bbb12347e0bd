// SPDX-License-Identifier: BSD-3-Clause
//
// What this process has counted, and telling it when the process ends: by exit() or by returning from main(),
// by quick_exit(), by _exit(). Each process tells its own, once: the child of a fork() begins at zero, and
// one that shares its parent's memory (vfork()) says nothing.
#pragma once

#include "preload/stats_account.h"

namespace blastune {

CallAccount& process_account();

// Wherever a process may end, a signal handler among it: allocates nothing and waits for nobody.
void tell_what_was_done();

}  // namespace blastune
