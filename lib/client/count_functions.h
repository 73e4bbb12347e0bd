// SPDX-License-Identifier: BSD-3-Clause
//
// The few functions of one loaded OpenBLAS (and of its OpenMP runtime) that reading and setting its count
// needs. All are the library's own code: they do not throw, and may be called from any thread.
#pragma once

namespace blastune {

// Whose count it is, and what else happens when it is set (docs/adr/0003-setting-the-count.md).
enum class CountScope {
  // None that can be set safely; it can still be read.
  fixed,
  // One for the process; setting it is a plain store (pthread builds).
  process,
  // One for the process; setting it frees buffers that a running multiply uses (OpenMP builds that keep
  // their own count).
  process_exclusive,
  // One a thread, kept by the OpenMP runtime; the library follows it at its next multiply.
  thread,
};

struct CountFunctions {
  CountScope scope = CountScope::fixed;
  // openblas_get_num_threads, or omp_get_max_threads for CountScope::thread. Never null.
  int (*get)() = nullptr;
  // Null for CountScope::fixed only.
  void (*set)(int) = nullptr;
  // omp_in_parallel of the runtime; null in builds without OpenMP.
  int (*in_parallel)() = nullptr;
  // omp_get_num_procs of the runtime, when that binds its threads; null otherwise.
  int (*processors)() = nullptr;
  // Where get() reads its answer and set() leaves it, when known: a load instead of a call, and a count that
  // someone sets at the same moment is never overwritten. Null otherwise.
  int* count = nullptr;
};

}  // namespace blastune
