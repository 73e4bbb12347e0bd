// SPDX-License-Identifier: BSD-3-Clause
#include "model/work_division.h"

#include <algorithm>

namespace blastune {
namespace {

// By integer halving, as the library does it: counts that are odd, or become so, lose the rest.
int row_parts(std::int64_t m, int threads, int switch_ratio) {
  if (m < std::int64_t{2} * switch_ratio) return 1;
  int parts = threads;
  while (m < std::int64_t{parts} * switch_ratio) parts /= 2;
  return parts;
}

int column_parts(std::int64_t n, int rows, int threads, int switch_ratio) {
  const std::int64_t least = std::int64_t{rows} * switch_ratio;
  if (n < least) return 1;
  const std::int64_t wanted = (n + least - 1) / least;
  return static_cast<int>(std::min<std::int64_t>(wanted, threads / rows));
}

}  // namespace

WorkDivision divide_work(std::int64_t m, std::int64_t n, int threads, int switch_ratio) {
  WorkDivision division;
  division.rows = row_parts(m, threads, switch_ratio);
  division.columns = column_parts(n, division.rows, threads, switch_ratio);
  if (n < std::int64_t{division.rows} * switch_ratio) return division;
  // The rim of all blocks together; squarer blocks have less of it.
  const auto rim = [m, n](int rows, int columns) { return n * rows + m * columns; };
  while (division.rows % 2 == 0 &&
         rim(division.rows, division.columns) > rim(division.rows / 2, division.columns * 2)) {
    division.rows /= 2;
    division.columns *= 2;
  }
  return division;
}

}  // namespace blastune
