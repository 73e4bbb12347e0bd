// SPDX-License-Identifier: BSD-3-Clause
//
// Where the calling thread's memo is. One pointer fits into the room that the loader keeps free in every
// thread's static block, and is one load away. The memo itself would not fit there: a library that wants more
// than is left of it cannot be loaded while a program runs.
#pragma once

#include "client/memo.h"

namespace blastune {

// Null until the thread first asks while there is advice: a process without a table pays no memory for it.
extern constinit thread_local Memo* thread_memo [[gnu::tls_model("initial-exec")]];

// Makes it, for as long as the thread lives. Null when memory or the process's keys have run out.
Memo* make_thread_memo() noexcept;

}  // namespace blastune
