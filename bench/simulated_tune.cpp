// SPDX-License-Identifier: BSD-3-Clause
//
// How soon a tune of a machine that nobody here has makes a good table: `blastune tune` of one type with the
// compiled-in configuration on simulated machines, budgets in their own seconds. Prints CSV: a row for each
// machine and budget, with what the table's answers lose on fresh gemms against the best of all counts, what
// the library's default loses, and the seconds that the planner and the simulation took here: a real tune's
// budget pays for the planner's.
//
// blastune-bench-simulated-tune [--seeds 3]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include "bench/simulated_server.h"
#include "model/advisor.h"
#include "model/statistics.h"
#include "store/config.h"
#include "topology/candidates.h"
#include "tuner/configured_plan.h"
#include "tuner/fresh_gemms.h"
#include "tuner/planner.h"
#include "tuner/tune_run.h"

namespace blastune::bench {
namespace {

constexpr std::size_t judged_gemms = 200;

// The candidates of such a machine: sockets one after the other, second threads of cores last.
std::vector<int> counts_of(const SimulatedMachine& machine) {
  Topology topology;
  Capacity capacity;
  capacity.threads = machine.threads();
  capacity.cores = capacity.performance_cores = machine.cores;
  for (int core = 0; core < machine.cores; ++core) {
    Core here;
    here.package = here.node = here.cache = core * machine.nodes / machine.cores;
    for (int thread = 0; thread < machine.threads_per_core; ++thread)
      here.processors.push_back(core + thread * machine.cores);
    topology.cores.push_back(here);
  }
  for (int processor = 0; processor < machine.threads(); ++processor)
    capacity.processors.push_back(processor);
  return candidate_threads(topology, capacity);
}

double least_seconds(const SimulatedMachine& machine, const Gemm& gemm, std::span<const int> counts) {
  double least = std::numeric_limits<double>::infinity();
  for (const int count : counts) least = std::min(least, simulated_seconds(machine, gemm, count));
  return least;
}

void tune(const SimulatedMachine& machine, double budget, std::uint64_t seed) {
  const auto counts = counts_of(machine);
  const Config config;
  PlanOptions plan = plan_options(config, false, counts.back());
  plan.dtypes = {DType::f64};
  Table table;
  table.build = simulated_build(machine);
  table.default_threads = machine.threads();
  ManualClock clock;
  SimulatedProber prober([&](const Gemm& gemm, int count) { return simulated_seconds(machine, gemm, count); },
                         server_noise(seed), clock);
  PlannerOptions options;
  options.budget_seconds = budget;
  options.seed = seed;
  const auto begun = std::chrono::steady_clock::now();
  Planner planner(make_plan(plan, table.build), counts, table, options);
  if (!run_tune(planner, prober, clock, [](const Progress&) { return true; })) return;
  const std::chrono::duration<double> own = std::chrono::steady_clock::now() - begun;
  for (const auto& curve : planner.measured()) table.add(curve);
  const Advisor advisor(table);
  std::vector<double> advised;
  std::vector<double> by_default;
  std::vector<double> of_candidates;  // the best of the counts that were compared
  std::vector<int> all(static_cast<std::size_t>(machine.threads()));
  std::iota(all.begin(), all.end(), 1);
  for (const auto& gemm : fresh_gemms(table, DType::f64, plan, judged_gemms, seed)) {
    const double best = least_seconds(machine, gemm, all);
    const double default_seconds = simulated_seconds(machine, gemm, machine.threads());
    const int threads = advisor.threads(gemm, machine.threads());
    advised.push_back((threads > 0 ? simulated_seconds(machine, gemm, threads) : default_seconds) / best);
    by_default.push_back(default_seconds / best);
    of_candidates.push_back(least_seconds(machine, gemm, counts) / best);
  }
  const Progress progress = planner.progress();
  std::printf("%d,%zu,%llu,%.0f,%.1f,%zu,%zu,%zu,%.1f,%.3f,%.3f,%.3f,%.3f\n", machine.threads(),
              counts.size(), static_cast<unsigned long long>(seed), budget, progress.spent_seconds,
              progress.gemms, table.curves.size(), progress.settled, own.count(), geometric_mean(advised),
              quantile(advised, 0.95), geometric_mean(of_candidates), geometric_mean(by_default));
  std::fflush(stdout);
}

int run(int argc, char** argv) {
  const int seeds = argc > 2 && std::string(argv[1]) == "--seeds" ? std::atoi(argv[2]) : 3;
  std::printf("threads,counts,seed,budget_seconds,spent_seconds,gemms,curves,settled,own_seconds,");
  std::printf("regret,p95,best_candidate_regret,default_regret\n");
  for (const int threads : {8, 64, 192, 384}) {
    for (const double budget : {5.0, 10.0, 20.0, 60.0}) {
      for (int seed = 1; seed <= seeds; ++seed)
        tune(simulated_server(threads), budget, static_cast<std::uint64_t>(seed));
    }
  }
  return 0;
}

}  // namespace
}  // namespace blastune::bench

int main(int argc, char** argv) {
  return blastune::bench::run(argc, argv);
}
