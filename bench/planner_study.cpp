// SPDX-License-Identifier: BSD-3-Clause
//
// What the planner gets for what it spends, against three that do not think: every count of every gemm in
// turn (exhaustive), a gemm and a count drawn each time (random), and ten counts that are spread over all
// (grid). On simulated machines, or on recorded calls. Prints CSV: a row for each machine, way and number of
// samples.
//
// blastune-bench-planner-study [--recorded FILE.csv.gz] [--gemms 60] [--seeds 5]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "bench/simulated_server.h"
#include "model/rng.h"
#include "model/statistics.h"
#include "tuner/planner.h"
#include "tuner/pooled_counts.h"
#include "tuner/recorded_table.h"
#include "tuner/replay_prober.h"
#include "tuner/simulated_machine.h"
#include "tuner/simulated_prober.h"

namespace blastune::bench {
namespace {

constexpr std::size_t most_counts = 96;  // compared on a simulated machine
const std::vector<double> checkpoints{4, 6, 8, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100};

struct Setting {
  std::string name;
  std::vector<Gemm> gemms;
  std::vector<int> counts;
  Build build;
  std::function<std::unique_ptr<Prober>(ManualClock&, std::uint64_t seed)> start;
  // Seconds of a gemm with a count, when the first `used` calls of it are spent.
  std::function<double(const Gemm&, int threads, std::size_t used)> truth;
};

using Curves = std::map<Gemm, Curve>;

double regret(const Setting& setting, const Curves& curves, const Gemm& gemm) {
  const auto found = curves.find(gemm);
  const auto used = [&](int count) -> std::size_t {
    const CurvePoint* point = found == curves.end() ? nullptr : found->second.find(count);
    return point == nullptr ? 0 : static_cast<std::size_t>(point->seconds.count());
  };
  int chosen =
      found == curves.end() ? 0 : best_threads(found->second, setting.counts.back(), default_tolerance);
  if (chosen == 0) chosen = setting.counts.back();
  double best = std::numeric_limits<double>::infinity();
  for (const int count : setting.counts) best = std::min(best, setting.truth(gemm, count, used(count)));
  return setting.truth(gemm, chosen, used(chosen)) / best;
}

class Account {
 public:
  Account(const Setting& setting, const char* way, std::uint64_t seed)
      : setting_(setting), way_(way), seed_(seed) {}

  // Each thread of a call costs its seconds, whatever it does.
  void spend(const BurstRequest& request, double seconds) { cpu_seconds_ += seconds * request.threads; }

  // Prints when the next number of samples is reached; false when there are no more.
  bool look(std::int64_t samples, double seconds, const Curves& curves) {
    const auto gemms = static_cast<double>(setting_.gemms.size());
    while (next_ < checkpoints.size() && static_cast<double>(samples) >= checkpoints[next_] * gemms) {
      std::vector<double> regrets;
      for (const auto& gemm : setting_.gemms) regrets.push_back(regret(setting_, curves, gemm));
      std::printf("%s,%s,%llu,%.0f,%.4g,%.4g,%.4f,%.3f\n", setting_.name.c_str(), way_,
                  static_cast<unsigned long long>(seed_), checkpoints[next_], seconds, cpu_seconds_,
                  geometric_mean(regrets), quantile(regrets, 0.95));
      ++next_;
    }
    return next_ < checkpoints.size();
  }

 private:
  const Setting& setting_;
  const char* way_;
  std::uint64_t seed_;
  std::size_t next_ = 0;
  double cpu_seconds_ = 0;
};

void run_planner(const Setting& setting, std::uint64_t seed) {
  ManualClock clock;
  const auto prober = setting.start(clock, seed);
  Plan plan;
  plan.grid = setting.gemms;
  Table known;
  known.build = setting.build;
  PlannerOptions options;
  options.budget_seconds = std::numeric_limits<double>::infinity();
  options.most_bursts =
      static_cast<std::int64_t>(checkpoints.back() * static_cast<double>(setting.gemms.size()));
  options.acceptable_regret = 1e-4;
  options.calls_of_burst = 1;
  options.seed = seed;
  Planner planner(plan, setting.counts, known, options);
  Account account(setting, "planner", seed);
  Curves curves;
  for (auto requests = planner.next(0.25); !requests.empty(); requests = planner.next(0.25)) {
    const auto results = prober->run(requests);
    if (!results) return;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (!(*results)[i]) continue;
      Curve& curve = curves[requests[i].gemm];
      curve.gemm = requests[i].gemm;
      curve.at(requests[i].threads).seconds.add(burst_value(*(*results)[i]));
      account.spend(requests[i], burst_value(*(*results)[i]));
    }
    planner.record(requests, *results, 0);
    if (!account.look(planner.progress().bursts, clock.monotonic_seconds(), curves)) return;
  }
}

// next(): the gemm and the count to measure.
void run_simple(const Setting& setting, const char* way, std::uint64_t seed,
                const std::function<BurstRequest(Rng&)>& next) {
  ManualClock clock;
  const auto prober = setting.start(clock, seed);
  Rng rng(seed);
  Account account(setting, way, seed);
  Curves curves;
  std::int64_t samples = 0;
  const auto most =
      static_cast<std::int64_t>(2 * checkpoints.back() * static_cast<double>(setting.gemms.size()));
  for (std::int64_t asked = 0; asked < most; ++asked) {
    const BurstRequest request = next(rng);
    const auto results = prober->run({&request, 1});
    if (!results || !results->front()) continue;
    Curve& curve = curves[request.gemm];
    curve.gemm = request.gemm;
    curve.at(request.threads).seconds.add(burst_value(*results->front()));
    account.spend(request, burst_value(*results->front()));
    if (!account.look(++samples, clock.monotonic_seconds(), curves)) return;
  }
}

// Each gemm with each of some counts, over and over, in an order drawn anew each time.
std::function<BurstRequest(Rng&)> in_turn(const Setting& setting, const std::vector<int>& counts) {
  auto left = std::make_shared<std::vector<BurstRequest>>();
  return [&setting, counts, left](Rng& rng) {
    if (left->empty()) {
      for (const auto& gemm : setting.gemms)
        for (const int count : counts) left->push_back({gemm, count, 1, 1});
      rng.shuffle(std::span(*left));
    }
    const BurstRequest request = left->back();
    left->pop_back();
    return request;
  };
}

void study(const Setting& setting, int seeds) {
  for (int seed = 1; seed <= seeds; ++seed) {
    const auto number = static_cast<std::uint64_t>(seed);
    run_planner(setting, number);
    run_simple(setting, "exhaustive", number, in_turn(setting, setting.counts));
    run_simple(setting, "random", number, [&](Rng& rng) {
      return BurstRequest{setting.gemms[rng.below(setting.gemms.size())],
                          setting.counts[rng.below(setting.counts.size())], 1, 1};
    });
    std::vector<int> spread;
    const std::size_t step = std::max<std::size_t>(1, setting.counts.size() / 10);
    for (std::size_t i = step - 1; i < setting.counts.size(); i += step) spread.push_back(setting.counts[i]);
    run_simple(setting, "grid", number, in_turn(setting, spread));
  }
}

Setting simulated(int threads, std::size_t gemms) {
  const auto machine = std::make_shared<const SimulatedMachine>(simulated_server(threads));
  Setting setting;
  setting.name = std::to_string(threads) + " threads";
  setting.build = simulated_build(*machine);
  const auto all = static_cast<std::size_t>(threads);
  for (std::size_t i = 1; i <= std::min(most_counts, all); ++i)
    setting.counts.push_back(static_cast<int>(all <= most_counts ? i : i * all / most_counts));
  if (setting.counts.front() != 1) setting.counts.insert(setting.counts.begin(), 1);
  Rng rng(7);
  while (setting.gemms.size() < gemms) {
    const auto size = [&] { return std::llround(16 * std::pow(256.0, rng.uniform())); };
    const Gemm gemm{DType::f64, Transpose::none, Transpose::none, size(), size(), size()};
    if (volume(gemm) > 4e6 && volume(gemm) < 2e10) setting.gemms.push_back(gemm);
  }
  std::ranges::sort(setting.gemms);
  const auto seconds = [machine](const Gemm& gemm, int count) {
    return simulated_seconds(*machine, gemm, count);
  };
  setting.start = [seconds](ManualClock& clock, std::uint64_t seed) -> std::unique_ptr<Prober> {
    return std::make_unique<SimulatedProber>(seconds, server_noise(seed), clock);
  };
  setting.truth = [seconds](const Gemm& gemm, int count, std::size_t) { return seconds(gemm, count); };
  return setting;
}

int run(int argc, char** argv) {
  std::string recorded;
  std::size_t gemms = 60;
  int seeds = 5;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    if (option == "--recorded") recorded = argv[i + 1];
    if (option == "--gemms") gemms = std::strtoul(argv[i + 1], nullptr, 10);
    if (option == "--seeds") seeds = std::atoi(argv[i + 1]);
  }
  std::printf("machine,way,seed,samples_of_gemm,seconds,cpu_seconds,regret,p95\n");
  if (recorded.empty()) {
    for (const int threads : {8, 64, 192, 384}) study(simulated(threads, gemms), seeds);
    return 0;
  }
  RealFileSystem files;
  const auto measurements = read_measurements(files, recorded);
  if (!measurements) {
    std::fprintf(stderr, "%s\n", measurements.error().text().c_str());
    return 1;
  }
  const Recording recording(*measurements);
  Setting setting;
  setting.name = "recorded";
  setting.gemms = recording.gemms();
  setting.counts = recording.counts();
  setting.build = table_of_recorded_machine(recording, "it", "replayed").build;
  setting.start = [&](ManualClock& clock, std::uint64_t) -> std::unique_ptr<Prober> {
    return std::make_unique<ReplayProber>(recording, clock);
  };
  setting.truth = [&](const Gemm& gemm, int count, std::size_t used) {
    const auto calls = recording.calls(gemm, count);
    // Where all are spent, by all.
    return median(used < calls.size() ? calls.subspan(used) : calls);
  };
  study(setting, seeds);
  return 0;
}

}  // namespace
}  // namespace blastune::bench

int main(int argc, char** argv) {
  return blastune::bench::run(argc, argv);
}
