// SPDX-License-Identifier: BSD-3-Clause
//
// How OpenBLAS cuts the result of a gemm into one block for each thread (driver/level3/level3_thread.c; read
// in 0.3.21, the same since 0.3.0 but for names). It makes the time zig-zag over the count: with 5 threads a
// narrow result is cut into five strips, with 4 or 6 into squarer blocks, and some counts use fewer threads
// than they were given. Pure.
#pragma once

#include <cstdint>

namespace blastune {

struct WorkDivision {
  int rows = 1;     // parts that m is cut into
  int columns = 1;  // parts that n is cut into

  // Threads that get a block, never more than were given.
  [[nodiscard]] int threads() const { return rows * columns; }
  bool operator==(const WorkDivision&) const = default;
};

// Of an m x n result over that many threads, at least 1. switch_ratio: rows or columns that a part has at
// least, a constant of the library for each kind of processor: 8 in single and 4 in double precision for
// Haswell and Zen, 16 and 8 for SkylakeX (param.h).
[[nodiscard]] WorkDivision divide_work(std::int64_t m, std::int64_t n, int threads, int switch_ratio);

}  // namespace blastune
