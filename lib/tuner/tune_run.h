// SPDX-License-Identifier: BSD-3-Clause
//
// Runs a planner against a prober until the planner has enough, the budget is spent or somebody interrupts.
// What was measured until then is in the planner, whatever ended the run.
#pragma once

#include <functional>

#include "base/clock.h"
#include "base/result.h"
#include "tuner/planner.h"
#include "tuner/prober.h"

namespace blastune {

// Called between stretches of at most about a quarter of a second; returns false to stop.
using TuneObserver = std::function<bool(const Progress&)>;

// The error of the prober that ended the run early, or nothing. An observer's stop is no error.
Result<void> run_tune(Planner& planner, Prober& prober, Clock& clock, const TuneObserver& observer);

}  // namespace blastune
