// SPDX-License-Identifier: BSD-3-Clause
#include "burst_runner.h"

#include <algorithm>

#include "model/worker_protocol.h"

namespace blastune {
namespace {

// The clock's grain: a call cannot take no time at all, and the logarithm of its time is taken.
constexpr double least_seconds = 1e-9;

}  // namespace

Result<BurstResult> BurstRunner::run(const BurstRequest& request) {
  if (Result<void> checked = check_request(request); !checked) return checked.error();
  const Gemm& gemm = request.gemm;
  if (!library_.has(gemm.dtype)) {
    return Error{ErrorKind::unavailable, "this build has no " + std::string(name(gemm.dtype)) + " multiply",
                 "leave this dtype out"};
  }
  const Result<OperandPointers> operands = operands_.for_gemm(gemm);
  if (!operands) return operands.error();
  const auto [a, b, c] = *operands;

  BurstResult result;
  result.seconds.reserve(static_cast<std::size_t>(request.calls));
  meter_.begin();
  if (Result<void> set = library_.set_threads(request.threads); !set) return set.error();
  for (int call = 0; call < request.warm_calls; ++call) library_.multiply(gemm, a, b, c);
  for (int call = 0; call < request.calls; ++call) {
    const double start = now_seconds();
    library_.multiply(gemm, a, b, c);
    result.seconds.push_back(std::max(least_seconds, now_seconds() - start));
  }
  result.context = meter_.end();
  // Whatever lowered the count meanwhile made these calls something else than what was asked for.
  if (const int left = library_.threads(); left != request.threads) {
    return Error{ErrorKind::unavailable,
                 "the library's count changed to " + std::to_string(left) + " during the burst",
                 {}};
  }
  return result;
}

}  // namespace blastune
