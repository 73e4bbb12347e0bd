// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/tune_run.h"

namespace blastune {
namespace {

constexpr double stretch_seconds = 0.25;
// Between stretches everybody sleeps, for longer than a library's idle threads go on spinning (about 25 ms),
// so that kernel and hypervisor place the threads anew. Where they end up decides how much a second thread is
// worth, by a factor of up to 1.6 on a virtual machine, and it stays so for as long as they run. What comes
// out of many stretches is the mean over such states, which is what programs meet.
constexpr double rest_seconds = 0.04;

}  // namespace

Result<void> run_tune(Planner& planner, Prober& prober, Clock& clock, const TuneObserver& observer) {
  while (observer(planner.progress())) {
    const auto requests = planner.next(stretch_seconds);
    if (requests.empty()) break;
    const double start = clock.monotonic_seconds();
    clock.sleep(rest_seconds);
    const auto results = prober.run(requests);
    if (!results) return results.error();
    planner.record(requests, *results, clock.monotonic_seconds() - start);
  }
  return {};
}

}  // namespace blastune
