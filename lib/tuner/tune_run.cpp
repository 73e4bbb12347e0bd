// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/tune_run.h"

#include "tuner/rests.h"

namespace blastune {
namespace {

constexpr double stretch_seconds = 0.25;

}  // namespace

Result<void> run_tune(Planner& planner, Prober& prober, Clock& clock, const TuneObserver& observer) {
  Rests rests(clock);
  double start = clock.monotonic_seconds();
  while (observer(planner.progress())) {
    const auto requests = planner.next(stretch_seconds);
    if (requests.empty()) break;
    rests.rest_when_due();
    const auto results = prober.run(requests);
    if (!results) return results.error();
    // With the planner's own time, which counts too: a budget is what somebody waits for.
    const double now = clock.monotonic_seconds();
    planner.record(requests, *results, now - start);
    start = now;
  }
  return {};
}

}  // namespace blastune
