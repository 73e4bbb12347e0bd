// SPDX-License-Identifier: BSD-3-Clause
#include "model/scaling.h"

#include <algorithm>
#include <cmath>

#include "model/work_division.h"

namespace blastune {
namespace {

// Constants chosen by bench/young_tables (docs/adr/0015-doubt-and-state.md).
constexpr double start_seconds = 20e-6;        // until a second thread works
constexpr double next_start_seconds = 0.2e-6;  // and each further one
constexpr double start_uncertainty = 1;        // standard deviation of ln(start_seconds)
constexpr double large_deviation = 0.12;  // of ln(ratio) of multiplies that have enough to share, a doubling
constexpr double thin_deviation = 0.5;    // of those of which one size is 1
constexpr double thin_size = 16;
constexpr double small_call_seconds = 1e-4;  // up to which calls move with the whole state,
constexpr double large_call_seconds = 4e-3;  // and from which on with the least share of it
constexpr double least_loading = 0.6;

int switch_ratio(DType dtype) {
  return dtype == DType::f32 || dtype == DType::c64 ? 8 : 4;
}

}  // namespace

Scaling expected_scaling(const Gemm& gemm, double one_seconds, int threads) {
  const auto working =
      static_cast<double>(divide_work(gemm.m, gemm.n, threads, switch_ratio(gemm.dtype)).threads());
  const double start = (start_seconds + next_start_seconds * (threads - 2)) / one_seconds;
  const double ratio = 1 / working + start;
  const double of_start = start_uncertainty * start / ratio;
  const double of_division = large_deviation * std::log2(std::max(2.0, working));
  const auto thinnest = static_cast<double>(std::min({gemm.m, gemm.n, gemm.k}));
  const double of_thinness = thin_deviation / (1 + thinnest / thin_size);
  return {std::log(ratio), of_start * of_start + of_division * of_division + of_thinness * of_thinness};
}

double expected_loading(double one_seconds) {
  const double size =
      std::log(one_seconds / small_call_seconds) * (1 / std::log(large_call_seconds / small_call_seconds));
  return std::lerp(1.0, least_loading, std::clamp(size, 0.0, 1.0));
}

}  // namespace blastune
