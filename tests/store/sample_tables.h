// SPDX-License-Identifier: BSD-3-Clause
//
// Tables for tests: every field different from its default, two tables, several groups.
#pragma once

#include "model/table.h"

namespace blastune {

inline Curve sample_curve(DType dtype, Transpose trans_a, std::int64_t m, double base_seconds) {
  Curve curve;
  curve.gemm = {dtype, trans_a, Transpose::none, m, 500, 784};
  curve.disturbed = 3;
  for (const double gain : {-1.9, -2.1, -2.05}) curve.gains.add(gain);
  for (const int threads : {1, 2, 8}) {
    for (int burst = 0; burst < 4; ++burst) {
      curve.at(threads).seconds.add(base_seconds / threads * (1 + 0.01 * burst));
    }
  }
  return curve;
}

inline Table sample_table(Threading threading) {
  Table table;
  table.machine = {"Some \"CPU\" \\ 3 GHz \xc2\xae", 8, 2, 33'554'432};
  table.build.version = {0, 3, 21};
  table.build.config = "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH Zen MAX_THREADS=64";
  table.build.core_name = "Zen";
  table.build.threading = threading;
  table.build.integer_bits = 64;
  table.build.prefix = "scipy_";
  table.build.suffix = "64_";
  table.build.max_threads = 64;
  table.build.build_id = "0123456789abcdef";
  table.build.path = "/usr/lib/libopenblas.so.0\ttab";
  table.default_threads = 8;
  table.measured_unix = 1'700'000'000;
  table.checked_unix = 1'700'003'600;
  table.spent_seconds = 12.345;
  table.tolerance = 0.05;
  table.occasions = 3;
  table.add(sample_curve(DType::f32, Transpose::none, 100, 200e-9));
  table.add(sample_curve(DType::f64, Transpose::none, 100, 1e-3));
  table.add(sample_curve(DType::f64, Transpose::none, 10, 5e-6));
  table.add(sample_curve(DType::f64, Transpose::transposed, 10, 7.7));
  return table;
}

inline Tables sample_tables() {
  return {sample_table(Threading::pthread), sample_table(Threading::openmp)};
}

}  // namespace blastune
