// SPDX-License-Identifier: BSD-3-Clause
//
// What the planner asks of a prober and what comes back: a burst is a few calls of one gemm at one count,
// back to back; its value is the median call (design section 2).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/gemm.h"

namespace blastune {

struct BurstRequest {
  Gemm gemm;
  int threads = 1;
  int warm_calls = 1;  // made first and not counted: the change of count and cold operands fall on them
  int calls = 3;       // counted, 1 to max_burst_calls

  bool operator==(const BurstRequest&) const = default;
};

inline constexpr int max_burst_calls = 1000;

// What happened to the machine while the burst ran; every figure covers warm and counted calls.
struct BurstContext {
  double wall_seconds = 0;
  double cpu_seconds = 0;    // user and system time of all threads of the worker
  double wait_seconds = 0;   // its threads stood runnable without a processor (schedstat); 0 if unknown
  double steal_seconds = 0;  // the hypervisor gave the processors to others, all processors together
  std::int64_t involuntary_switches = 0;

  bool operator==(const BurstContext&) const = default;
};

struct BurstResult {
  std::vector<double> seconds;  // one a counted call, in order
  BurstContext context;

  bool operator==(const BurstResult&) const = default;
};

// The burst's value. Precondition: at least one call.
[[nodiscard]] double burst_value(const BurstResult& result);

// True when something else used the processors for a share of the burst that would falsify it; such a
// burst is counted and thrown away (design rule 2).
[[nodiscard]] bool is_disturbed(const BurstRequest& request, const BurstContext& context);

}  // namespace blastune
