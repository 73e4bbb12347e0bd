// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/burst_size.h"

#include <algorithm>

namespace blastune {
namespace {

constexpr double counted_seconds = 1.5e-3;  // counted calls of a burst last about this long
constexpr int most_calls = 5;               // the median of five holds against two bad calls
constexpr double request_seconds = 30e-6;   // a burst's cost beside its calls

}  // namespace

BurstRequest fitting_burst(const Gemm& gemm, int threads, double call_seconds) {
  const double fitting = counted_seconds / call_seconds;
  return {gemm, threads, 1, fitting >= most_calls ? most_calls : std::max(1, static_cast<int>(fitting))};
}

double expected_seconds(const BurstRequest& request, double call_seconds) {
  return request_seconds + (request.warm_calls + request.calls) * call_seconds;
}

}  // namespace blastune
