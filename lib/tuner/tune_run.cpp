// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/tune_run.h"

namespace blastune {
namespace {

constexpr double stretch_seconds = 0.25;
// Now and then everybody sleeps, for longer than a library's idle threads go on spinning (2^28 ticks of the
// processor's clock in OpenBLAS's pthread builds), so that kernel and hypervisor place the threads anew.
// Where they end up decides how much a second thread is worth, by a factor of up to 1.6 on a virtual machine,
// and it stays so for as long as they run. A run with many rests measures the mean over such states, which is
// what programs meet.
constexpr double rest_seconds = 0.15;
constexpr double work_between_rests = 0.75;

}  // namespace

Result<void> run_tune(Planner& planner, Prober& prober, Clock& clock, const TuneObserver& observer) {
  double rested = clock.monotonic_seconds();
  while (observer(planner.progress())) {
    const auto requests = planner.next(stretch_seconds);
    if (requests.empty()) break;
    const double start = clock.monotonic_seconds();
    if (start - rested >= work_between_rests) {
      clock.sleep(rest_seconds);
      rested = clock.monotonic_seconds();
    }
    const auto results = prober.run(requests);
    if (!results) return results.error();
    planner.record(requests, *results, clock.monotonic_seconds() - start);
  }
  return {};
}

}  // namespace blastune
