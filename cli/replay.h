// SPDX-License-Identifier: BSD-3-Clause
//
// `tune --replay`: the same planner, asking calls that were recorded instead of the hardware.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "model/gemm.h"

namespace blastune {

struct ReplayRequest {
  std::string file;
  std::string output;                    // empty: the user's own table file
  std::optional<double> budget_seconds;  // of recorded time; without one, until everything is settled
  std::vector<DType> dtypes;             // empty: all that were recorded
  std::string threads;                   // the counts to compare; empty: all that were recorded
  bool json = false;
};

Result<ExitStatus> replay(const Session& session, const ReplayRequest& request);

}  // namespace blastune
