// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/tune_run.h"

#include "tuner/rests.h"

namespace blastune {
namespace {

constexpr double stretch_seconds = 0.25;

}  // namespace

Result<void> run_tune(Planner& planner, Prober& prober, Clock& clock, const TuneObserver& observer) {
  Rests rests(clock);
  while (observer(planner.progress())) {
    const auto requests = planner.next(stretch_seconds);
    if (requests.empty()) break;
    const double start = clock.monotonic_seconds();
    rests.rest_when_due();
    const auto results = prober.run(requests);
    if (!results) return results.error();
    planner.record(requests, *results, clock.monotonic_seconds() - start);
  }
  return {};
}

}  // namespace blastune
