// SPDX-License-Identifier: BSD-3-Clause
//
// Measures on this machine with a worker process and adds what it finds to a table in memory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/session.h"
#include "cli/target.h"
#include "model/table.h"
#include "tuner/plan.h"
#include "tuner/planner.h"
#include "tuner/worker_prober.h"

namespace blastune {

// A worker for that library, which Ctrl-C stops. Fails too where the library's count cannot be set, since
// every count would then be the same measurement.
Result<std::unique_ptr<WorkerProber>> start_prober(const Target& target, std::int64_t max_operand_bytes);

struct MeasuringRequest {
  Plan plan;
  std::vector<int> counts;  // ascending, starting with 1
  PlannerOptions options;
  std::int64_t max_operand_bytes = 0;
  // Called about every half minute with the table so far, so that little is lost to a power cut.
  std::function<void(const Table&)> checkpoint;
};

struct Measured {
  Table table;  // the known curves with what was measured added
  Progress progress;
  bool interrupted = false;
  std::string trouble;  // why it ended early other than by interruption; empty when it did not
};

// known: what earlier tunes of this machine and build left. Draws a progress bar on a terminal. Fails only
// when nothing could be measured at all.
Result<Measured> measure(const Session& session, const Target& target, Table known, MeasuringRequest request);

}  // namespace blastune
