// SPDX-License-Identifier: BSD-3-Clause
//
// What a young table's answers cost or gain against the library's default, in the state it was made in and in
// others. The real planner tunes a simulated virtual machine (changing_machine.h) for 1, 3, 10 and
// 30 s, and on ten occasions of which each falls into any state. Prints CSV: a row for each kind of change,
// table, state of judging and set of multiplies, with the time over the default's: geometric mean, 95th
// percentile and worst, and the geometric mean that always knowing the best count would have.
//
// blastune-bench-young-tables [--seeds 5] [--processors 2]
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "bench/changing_machine.h"
#include "model/advisor.h"
#include "model/statistics.h"
#include "store/config.h"
#include "tuner/configured_plan.h"
#include "tuner/fresh_gemms.h"
#include "tuner/planner.h"
#include "tuner/simulated_prober.h"
#include "tuner/tune_run.h"

namespace blastune::bench {
namespace {

constexpr std::size_t judged_gemms = 150;
constexpr double usual_state = 0;
constexpr double bad_state = 0.9;         // large multiplies gain next to nothing from a second thread
constexpr double level_deviation = 0.35;  // where levels are any number
constexpr double fast_deviation = 0.09;
constexpr double further_seconds = 10;  // of each occasion after the first
constexpr std::array<std::int64_t, 12> batches{1, 3, 8, 20, 50, 100, 200, 500, 1000, 2000, 5000, 9000};

struct Judged {
  std::vector<double> advised;  // times over the default's
  std::vector<double> best;
};

class Account {
 public:
  void add(const std::string& about, const Judged& judged) {
    Judged& all = rows_[about];
    all.advised.insert(all.advised.end(), judged.advised.begin(), judged.advised.end());
    all.best.insert(all.best.end(), judged.best.begin(), judged.best.end());
  }
  void print() const {
    std::printf("change,table,made_in,judged_in,multiplies,count,over_default,p95,worst,best\n");
    for (const auto& [about, judged] : rows_) {
      std::printf("%s,%zu,%.3f,%.3f,%.3f,%.3f\n", about.c_str(), judged.advised.size(),
                  geometric_mean(judged.advised), quantile(judged.advised, 0.95),
                  *std::ranges::max_element(judged.advised), geometric_mean(judged.best));
    }
  }

 private:
  std::map<std::string, Judged> rows_;
};

// Of one gemm in that state: with the advised count, the best and the default.
struct Seconds {
  double advised = 0;
  double best = 0;
  double by_default = 0;
};

Seconds seconds_of(const ChangingMachine& machine, const Advisor& advisor, const Gemm& gemm, double state) {
  const int processors = machine.machine().threads();
  const int threads = advisor.threads(gemm, processors);
  Seconds seconds;
  seconds.by_default = seconds.best = machine.seconds(gemm, processors, state);
  seconds.advised = threads > 0 ? machine.seconds(gemm, threads, state) : seconds.by_default;
  for (int count = 1; count < processors; ++count)
    seconds.best = std::min(seconds.best, machine.seconds(gemm, count, state));
  return seconds;
}

Judged judge(const ChangingMachine& machine, const Advisor& advisor, const std::vector<Gemm>& gemms,
             double state) {
  Judged judged;
  for (const auto& gemm : gemms) {
    const Seconds seconds = seconds_of(machine, advisor, gemm, state);
    judged.advised.push_back(seconds.advised / seconds.by_default);
    judged.best.push_back(seconds.best / seconds.by_default);
  }
  return judged;
}

Judged judge_passes(const ChangingMachine& machine, const Advisor& advisor, double state) {
  Judged judged;
  for (const Network& network : {Network{{784, 100, 50, 10}}, Network{{784, 300, 140, 10}}}) {
    for (const auto batch : batches) {
      Seconds pass;
      for (const auto& layer : layers_of(network)) {
        const Gemm gemm = layer_gemm(layer, batch, DType::f64, Pass::forward, Layout::features_by_batch);
        const Seconds seconds = seconds_of(machine, advisor, gemm, state);
        pass.advised += seconds.advised;
        pass.best += seconds.best;
        pass.by_default += seconds.by_default;
      }
      judged.advised.push_back(pass.advised / pass.by_default);
      judged.best.push_back(pass.best / pass.by_default);
    }
  }
  return judged;
}

// Tunes once more, which is one more occasion.
void tune(ChangingMachine& machine, double budget, std::uint64_t seed, Table& table) {
  ManualClock clock;
  clock.advance(1e6 * static_cast<double>(seed));
  SimulatedProber prober(
      [&](const Gemm& gemm, int count) {
        return machine.burst_seconds(gemm, count, clock.monotonic_seconds());
      },
      {.call_deviation = 0.02, .outlier_share = 0.01, .seed = seed}, clock);
  const int processors = machine.machine().threads();
  std::vector<int> counts(static_cast<std::size_t>(processors));
  std::iota(counts.begin(), counts.end(), 1);
  PlanOptions plan = plan_options(Config{}, false, processors);
  plan.dtypes = {DType::f64};
  PlannerOptions options;
  options.budget_seconds = budget;
  options.seed = seed;
  options.measure_known_again = !table.curves.empty();
  Planner planner(make_plan(plan, table.build), counts, table, options);
  if (!run_tune(planner, prober, clock, [](const Progress&) { return true; })) return;
  for (const auto& curve : planner.measured()) table.add_later(curve);
}

struct Change {
  std::string name;
  std::vector<double> levels;  // one a state; empty: any
};

class Study {
 public:
  Study(Account& account, const Change& change, int processors, std::uint64_t seed)
      : account_(account),
        change_(change),
        seed_(seed),
        machine_(processors, fast_deviation, seed),
        rng_(seed + 1000) {}

  void run() {
    const std::size_t states = change_.levels.empty() ? 2 : change_.levels.size();
    for (const double budget : {1.0, 3.0, 10.0, 30.0}) {
      for (std::size_t state = 0; state < states; ++state) {
        Table table = empty_table();
        const double level = level_of(state);
        machine_.set_state(level);
        tune(machine_, budget, seed_, table);
        judge_all(std::to_string(static_cast<int>(budget)) + " s", state, level, table);
      }
    }
    Table table = empty_table();
    for (int occasion = 0; occasion < 10; ++occasion) {
      machine_.set_state(level_of(rng_.below(states)));
      tune(machine_, occasion == 0 ? 30 : further_seconds, seed_ * 100 + static_cast<std::uint64_t>(occasion),
           table);
    }
    judge_all("ten occasions", states, 0, table);
  }

 private:
  [[nodiscard]] Table empty_table() const {
    Table table;
    table.build = simulated_build(machine_.machine());
    table.default_threads = machine_.machine().threads();
    return table;
  }

  double level_of(std::size_t state) {
    return change_.levels.empty() ? level_deviation * rng_.normal() : change_.levels[state];
  }

  void judge_all(const std::string& name, std::size_t made_in, double made_level, const Table& table) {
    const Advisor advisor(table);
    const PlanOptions plan = plan_options(Config{}, false, table.default_threads);
    const auto fresh = fresh_gemms(table, DType::f64, plan, judged_gemms, seed_);
    std::vector<Gemm> measured;
    for (const auto& curve : table.curves) measured.push_back(curve.gemm);
    const auto put = [&](const std::string& where, double level) {
      const std::string made = made_in == 0 ? "usual" : made_in == 1 ? "bad" : "all";
      const std::string about =
          change_.name + "," + name + "," + (change_.levels.empty() ? "any" : made) + "," + where;
      account_.add(about + ",unseen", judge(machine_, advisor, fresh, level));
      if (!measured.empty()) account_.add(about + ",measured", judge(machine_, advisor, measured, level));
      account_.add(about + ",passes", judge_passes(machine_, advisor, level));
    };
    if (change_.levels.empty()) {
      if (made_in < 2) put("its own", made_level);
      for (int draw = 0; draw < 4; ++draw) put("others", level_deviation * rng_.normal());
      return;
    }
    for (std::size_t state = 0; state < change_.levels.size(); ++state)
      put(state == 0 ? "usual" : "bad", change_.levels[state]);
  }

  Account& account_;
  const Change& change_;
  std::uint64_t seed_;
  ChangingMachine machine_;
  Rng rng_;
};

int run(int argc, char** argv) {
  int seeds = 5;
  int processors = 2;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string(argv[i]) == "--seeds") seeds = std::atoi(argv[i + 1]);
    if (std::string(argv[i]) == "--processors") processors = std::atoi(argv[i + 1]);
  }
  Account account;
  for (const Change& change : {Change{"two states", {usual_state, bad_state}}, Change{"any state", {}}}) {
    for (int seed = 1; seed <= seeds; ++seed)
      Study(account, change, processors, static_cast<std::uint64_t>(seed)).run();
  }
  account.print();
  return 0;
}

}  // namespace
}  // namespace blastune::bench

int main(int argc, char** argv) {
  return blastune::bench::run(argc, argv);
}
