// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of a gemm's scaling before a second thread was measured: how OpenBLAS divides the work, and
// that handing it out costs some microseconds. Large multiplies scale, tiny ones do not, and thin ones may do
// either. Pure.
#pragma once

#include "model/gemm.h"

namespace blastune {

struct Scaling {
  double log_ratio = 0;  // ln(time with the threads / time with one), expected
  double variance = 0;   // of the truth around it, in a machine's good states
};

// threads: at least 2; one_seconds: of a call with one thread, above 0.
[[nodiscard]] Scaling expected_scaling(const Gemm& gemm, double one_seconds, int threads);

// How far a call of that length with one thread moves with the state of the machine when it has several:
// ln(its time) by as many times the state. Small multiplies move more than large ones.
[[nodiscard]] double expected_loading(double one_seconds);

}  // namespace blastune
