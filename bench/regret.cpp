// SPDX-License-Identifier: BSD-3-Clause
//
// Regret of the table on fresh gemms: every candidate count measured in turn, bursts spread over the run, the
// truth being the mean over bursts; the table is never told. Half of the shapes are passes of the article's
// networks at batch sizes of their own, half are log-uniform with all transposes.
//
// blastune-bench-regret --blas FILE [--dtype f64] [--shapes 200] [--seconds 60] [--seed 1]
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bench/policy_times.h"
#include "bench/rests.h"
#include "cli/answering.h"
#include "cli/target.h"
#include "model/advisor.h"
#include "model/layer.h"
#include "model/rng.h"
#include "model/thread_use.h"
#include "topology/candidates.h"
#include "tuner/worker_prober.h"

namespace blastune::bench {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<Gemm> fresh_gemms(const Table& table, DType dtype, std::size_t count, Rng& rng) {
  constexpr double most_flops = 5e8;
  const std::vector<Network> networks{{{784, 100, 50, 10}}, {{784, 300, 140, 10}}, {{617, 230, 90, 26}}};
  const auto log_uniform = [&](double low, double high) {
    return std::llround(low * std::pow(high / low, rng.uniform()));
  };
  std::set<Gemm> gemms;
  while (gemms.size() < count) {
    Gemm gemm;
    if (gemms.size() % 2 == 0) {
      const auto layers = layers_of(networks[rng.below(networks.size())]);
      constexpr Pass passes[] = {Pass::forward, Pass::forward, Pass::backward_data, Pass::backward_weights};
      gemm = layer_gemm(layers[rng.below(layers.size())], log_uniform(1, 9000), dtype, passes[rng.below(4)],
                        Layout::features_by_batch);
    } else {
      gemm = {dtype,
              Transpose::none,
              Transpose::none,
              log_uniform(2, 4000),
              log_uniform(2, 4000),
              log_uniform(2, 4000)};
      if (rng.below(3) == 0) gemm.trans_a = Transpose::transposed;
      if (rng.below(3) == 0) gemm.trans_b = Transpose::transposed;
    }
    if (runs_on_one_thread(table.build, gemm) || flops(gemm) > most_flops || table.find(gemm) != nullptr)
      continue;
    gemms.insert(gemm);
  }
  return {gemms.begin(), gemms.end()};
}

PolicyTimes measure(Prober& prober, const std::vector<Gemm>& gemms, const std::vector<int>& counts,
                    double budget, Rng& rng) {
  PolicyTimes times(gemms.size());
  std::int64_t disturbed = 0;
  Rests rests;
  const auto begin = Clock::now();
  for (int round = 0; round < 4 || seconds_since(begin) < budget; ++round) {
    std::vector<std::size_t> order(gemms.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    rng.shuffle(std::span(order));
    for (const auto at : order) {
      rests.rest_when_due();
      std::vector<BurstRequest> block;
      for (const int count : counts) {
        const double guess = flops(gemms[at]) / 2e10;
        block.push_back({gemms[at], count, 1, std::clamp(static_cast<int>(1.5e-3 / guess), 1, 5)});
      }
      rng.shuffle(std::span(block));
      const auto results = prober.run(block);
      if (!results) {
        std::fprintf(stderr, "%s\n", results.error().text().c_str());
        return times;
      }
      std::vector<double> seconds(counts.size());
      bool complete = true;
      for (std::size_t i = 0; i < block.size(); ++i) {
        const auto& result = (*results)[i];
        if (!result || is_disturbed(block[i], result->context)) {
          complete = false;
          continue;
        }
        const auto count = std::ranges::find(counts, block[i].threads) - counts.begin();
        seconds[static_cast<std::size_t>(count)] = burst_value(*result);
      }
      if (complete)
        times.add_block(at, std::move(seconds));
      else
        ++disturbed;
    }
  }
  std::fprintf(stderr, "%lld disturbed blocks left out\n", static_cast<long long>(disturbed));
  return times;
}

void report(const PolicyTimes& times, const std::vector<Gemm>& gemms, const std::vector<int>& counts,
            const Advisor& advisor, int default_threads) {
  std::vector<Comparison> advised;
  std::vector<Comparison> by_default;
  struct Case {
    double regret;
    Gemm gemm;
    int chosen;
  };
  std::vector<Case> worst;
  for (std::size_t at = 0; at < gemms.size(); ++at) {
    if (times.blocks(at) == 0) continue;
    const auto regret = [&](int count) {
      const auto above = std::ranges::lower_bound(counts, count);
      return times.compare_with_best(at, static_cast<std::size_t>(above - counts.begin()), 0,
                                     counts.size() - 1);
    };
    const int chosen = advisor.advise(gemms[at], counts.back()).threads;
    advised.push_back(regret(chosen));
    by_default.push_back(regret(std::min(default_threads, counts.back())));
    worst.push_back({advised.back().of_means, gemms[at], chosen});
  }
  if (advised.empty()) {
    std::fprintf(stderr, "nothing could be measured: every block was disturbed or lost\n");
    return;
  }
  std::ranges::sort(worst, std::ranges::greater{}, &Case::regret);
  for (std::size_t i = 0; i < std::min<std::size_t>(worst.size(), 8); ++i) {
    std::fprintf(stderr, "  %.3f  %s with %d\n", worst[i].regret, describe(worst[i].gemm).c_str(),
                 worst[i].chosen);
  }
  std::printf("regret of the advice: %s\n", text(advised).c_str());
  std::printf("regret of the default: %s\n", text(by_default).c_str());
  std::fprintf(stderr, "blocks of a gemm: %zu\n", times.blocks(0));
}

int run(int argc, char** argv) {
  std::string blas;
  DType dtype = DType::f64;
  std::size_t shapes = 200;
  double budget = 60;
  std::uint64_t seed = 1;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string option = argv[i];
    const std::string value = argv[i + 1];
    if (option == "--blas") blas = value;
    if (option == "--dtype") dtype = dtype_from_name(value).value_or(DType::f64);
    if (option == "--shapes") shapes = std::stoul(value);
    if (option == "--seconds") budget = std::stod(value);
    if (option == "--seed") seed = std::stoull(value);
  }
  RealFileSystem files;
  SystemClock clock;
  const Session session{std::cout, std::cerr, files, clock, ColorMode::automatic, {}, {}};
  const auto answering = find_answering(session, TableChoice{{}, blas});
  if (!answering) {
    std::fprintf(stderr, "%s\n", answering.error().text().c_str());
    return 1;
  }
  const auto limits = read_thread_limits();
  auto prober = WorkerProber::start(answering->target->worker, answering->target->blas_file);
  if (!limits || !prober) return 1;
  Rng rng(seed);
  const auto gemms = fresh_gemms(answering->table, dtype, shapes, rng);
  const auto counts = candidate_threads(limits->topology, limits->capacity);
  const auto times = measure(**prober, gemms, counts, budget, rng);
  report(times, gemms, counts, Advisor(answering->table), answering->table.default_threads);
  return 0;
}

}  // namespace
}  // namespace blastune::bench

int main(int argc, char** argv) {
  return blastune::bench::run(argc, argv);
}
