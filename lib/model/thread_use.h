// SPDX-License-Identifier: BSD-3-Clause
//
// What OpenBLAS is known to do with a count, whatever is asked of it.
#pragma once

#include "model/build.h"
#include "model/gemm.h"

namespace blastune {

// True when the library computes this gemm on the calling thread alone, so that no count makes a
// difference: m n k is at most 65536, of complex numbers 8192, times GEMM_MULTITHREAD_THRESHOLD, whose
// default is 4 (OpenBLAS interface/gemm.c; checked on 0.3.21, by measurement and for complex numbers in its
// code). A build that was configured with a higher threshold is only measured more than needed; with a lower
// one, such small multiplies gain nothing from a second thread anyway.
[[nodiscard]] bool runs_on_one_thread(const Build& build, const Gemm& gemm);

}  // namespace blastune
