// SPDX-License-Identifier: BSD-3-Clause
#include "bench/changing_machine.h"

#include <algorithm>
#include <cmath>

#include "model/thread_use.h"

namespace blastune::bench {
namespace {

// Multiplies that take no longer than the first with one thread move with the whole state, those that take
// longer than the second with the least share of it.
constexpr double small_seconds = 1e-4;
constexpr double large_seconds = 4e-3;
constexpr double least_loading = 0.6;
constexpr double loading_deviation = 0.15;  // of ln(loading) between gemms
constexpr double own_deviation = 0.08;      // of ln(time) with one count between gemms, what no size explains
constexpr double burst_deviation = 0.04;    // of ln(time) of one burst, with one thread
constexpr double pair_deviation = 0.07;     // with several
constexpr double misplaced_share = 0.04;    // bursts with several threads whose processors sit badly
constexpr double most_misplaced = 1.1;      // ln of how much longer these take at most
constexpr double forgetting_seconds = 1.0;  // of the fast level

}  // namespace

ChangingMachine::ChangingMachine(int processors, double fast_deviation, std::uint64_t seed)
    : fast_deviation_(fast_deviation), seed_(seed), rng_(seed) {
  machine_.cores = processors;
  machine_.threads_per_core = 1;
  machine_.core_flops = 33e9;
  machine_.alone_boost = 1.02;
  machine_.core_bandwidth = 10e9;
  machine_.node_bandwidth = 8e9 * processors;
  machine_.cache_bandwidth = 30e9;
  machine_.start_seconds = 40e-6;
  machine_.thread_seconds = 4e-6;
}

double ChangingMachine::own_deviate(const Gemm& gemm, std::uint64_t what) const {
  std::uint64_t mixed = seed_ ^ what;
  for (const std::int64_t size : {gemm.m, gemm.n, gemm.k})
    mixed = (mixed ^ static_cast<std::uint64_t>(size)) * 0x9E3779B97F4A7C15U;
  return Rng(mixed).normal();
}

double ChangingMachine::loading(const Gemm& gemm) const {
  const double one = simulated_seconds(machine_, gemm, 1);
  const double size = std::log(one / small_seconds) / std::log(large_seconds / small_seconds);
  return std::lerp(1.0, least_loading, std::clamp(size, 0.0, 1.0)) *
         std::exp(loading_deviation * own_deviate(gemm, 0));
}

double ChangingMachine::seconds(const Gemm& gemm, int threads, double level) const {
  const double usual = simulated_seconds(machine_, gemm, threads);
  if (threads == 1 || runs_on_one_thread(simulated_build(machine_), gemm)) return usual;
  return usual * std::exp(own_deviation * own_deviate(gemm, static_cast<std::uint64_t>(threads)) +
                          level * loading(gemm));
}

double ChangingMachine::burst_seconds(const Gemm& gemm, int threads, double now) {
  const double kept = std::exp(-std::max(0.0, now - last_) / forgetting_seconds);
  last_ = now;
  fast_ = kept * fast_ + std::sqrt(1 - kept * kept) * fast_deviation_ * rng_.normal();
  double own = rng_.normal() * (threads == 1 ? burst_deviation : pair_deviation);
  if (threads > 1 && rng_.uniform() < misplaced_share) own += most_misplaced * rng_.uniform();
  return seconds(gemm, threads, level_ + fast_) * std::exp(own);
}

}  // namespace blastune::bench
