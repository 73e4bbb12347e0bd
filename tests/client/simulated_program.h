// SPDX-License-Identifier: BSD-3-Clause
//
// A program that calls the same few gemms in turn on a machine of two processors whose state moves, and what
// each way of choosing the count makes of it. Times, ratios and loadings are like those that were seen on a
// virtual machine; everything is simulated, so a minute takes milliseconds.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "client/call_record.h"
#include "model/rng.h"
#include "model/statistics.h"

namespace blastune::testing {

struct SimulatedGemm {
  double one_seconds = 0;
  double ratio = 1;  // two threads over one, in state 0
  double loading = 1;
};

// From small and skinny to large.
inline const std::vector<SimulatedGemm> usual_gemms = {
    {60e-6, 1.4, 1},     {100e-6, 1.15, 1}, {130e-6, 1.02, 1},   {160e-6, 0.96, 1}, {210e-6, 0.83, 1},
    {400e-6, 0.72, 0.9}, {750e-6, 0.59, 1}, {3.9e-3, 0.53, 0.7}, {12e-3, 0.51, 0.5}};

struct SimulatedWorld {
  std::vector<SimulatedGemm> gemms = usual_gemms;
  double table_state = 0;  // in which the table was made
  double own = 0;          // ln of what this program's calls take over the table's, with either count
  // The state at a time in seconds, before what moves it from second to second.
  std::function<double(double)> level = [](double) { return 0; };
  double wobble = 0.15;  // standard deviation of that, which lasts for about a second
  double seconds = 30;
};

struct SimulatedOutcome {
  // Geometric means over the gemms, over the time of whoever knows the state at each call.
  double feedback = 0;
  double table = 0;  // the table's choice, held
  double two = 0;    // the library's own count
  double one = 0;
  double worst = 0;             // of the feedback, over the better constant of one gemm
  double changes_per_call = 0;  // of the count
  double state_error = 0;       // root mean square, of the estimate
};

inline SimulatedOutcome run_program(const SimulatedWorld& world, std::uint64_t seed) {
  Rng rng(seed);
  struct Running {
    CallRecord record;
    double own_one = 0;
    double own_two = 0;
    bool table_says_one = false;
    int last = 0;
    double feedback = 0, table = 0, two = 0, one = 0, best = 0;
  };
  std::vector<Running> all;
  for (const SimulatedGemm& gemm : world.gemms) {
    Running running;
    running.own_one = world.own + 0.05 * rng.normal();
    running.own_two = running.own_one + 0.05 * rng.normal();
    Alternatives known;
    known.several = 2;
    known.one_seconds = gemm.one_seconds * std::exp(0.03 * rng.normal());
    known.several_seconds =
        gemm.one_seconds * gemm.ratio * std::exp(world.table_state * gemm.loading + 0.03 * rng.normal());
    known.handicap = -0.02;
    known.loading = gemm.one_seconds < 0.3e-3 ? 1 : 0.7;  // as far as a table of one occasion can tell
    known.error = 0.15;
    running.record = CallRecord(known);
    running.table_says_one = running.record.threads(0) == 1;
    all.push_back(running);
  }
  MachineState state;
  SimulatedOutcome outcome;
  double now = 0;
  double wobble = 0;
  std::int64_t calls = 0;
  std::int64_t changes = 0;
  double squares = 0;
  while (now < world.seconds) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      const SimulatedGemm& gemm = world.gemms[i];
      Running& running = all[i];
      const double truth = world.level(now) + wobble;
      const double one = gemm.one_seconds * std::exp(running.own_one);
      const double two = gemm.one_seconds * gemm.ratio * std::exp(running.own_two + gemm.loading * truth);
      state.advance_to(static_cast<std::uint32_t>(now * 1e3));
      const CallRecord::Plan plan = running.record.before(state);
      const double seconds = plan.threads == 1 ? one : two;
      if (plan.teaches) running.record.after(plan.threads, seconds * std::exp(0.07 * rng.normal()), state);
      running.feedback += seconds;
      running.table += running.table_says_one ? one : two;
      running.one += one;
      running.two += two;
      running.best += std::min(one, two);
      if (running.last != 0 && running.last != plan.threads) ++changes;
      running.last = plan.threads;
      ++calls;
      squares += (state.mean() + world.table_state - truth) * (state.mean() + world.table_state - truth);
      now += seconds;
      const double kept = std::exp(-seconds);
      wobble = wobble * kept + world.wobble * std::sqrt(1 - kept * kept) * rng.normal();
    }
  }
  const auto over_best = [&](double Running::*way) {
    std::vector<double> ratios;
    for (const Running& running : all) ratios.push_back(running.*way / running.best);
    return geometric_mean(ratios);
  };
  outcome.feedback = over_best(&Running::feedback);
  outcome.table = over_best(&Running::table);
  outcome.two = over_best(&Running::two);
  outcome.one = over_best(&Running::one);
  for (const Running& running : all)
    outcome.worst = std::max(outcome.worst, running.feedback / std::min(running.one, running.two));
  outcome.changes_per_call = static_cast<double>(changes) / static_cast<double>(calls);
  outcome.state_error = std::sqrt(squares / static_cast<double>(calls));
  return outcome;
}

}  // namespace blastune::testing
