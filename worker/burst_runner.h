// SPDX-License-Identifier: BSD-3-Clause
//
// Runs bursts on a loaded library: count, warm calls, counted calls timed one by one, context.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "blas_library.h"
#include "burst_meter.h"
#include "model/burst.h"
#include "operands.h"

namespace blastune {

class BurstRunner {
 public:
  // The library must outlive this object.
  BurstRunner(const BlasLibrary& library, std::int64_t max_operand_bytes)
      : library_(library), operands_(max_operand_bytes) {}

  Result<BurstResult> run(const BurstRequest& request);

 private:
  const BlasLibrary& library_;
  Operands operands_;
  BurstMeter meter_;
};

}  // namespace blastune
