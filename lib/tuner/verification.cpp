// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/verification.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace blastune {
namespace {

constexpr int resamples = 2000;
constexpr std::size_t nowhere = std::numeric_limits<std::size_t>::max();

// Of the smallest above 0; nowhere when there is none.
std::size_t place_of_least(std::span<const double> seconds) {
  std::size_t least = nowhere;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    if (seconds[i] > 0 && (least == nowhere || seconds[i] < seconds[least])) least = i;
  }
  return least;
}

// The regret of the count at `place`, the fastest picked by one half and judged by the other, either way
// round.
double regret_across_halves(const VerifiedGemm& gemm, std::size_t place) {
  const auto judged = [place](std::span<const double> picks, std::span<const double> judges) {
    return judges[place] / judges[place_of_least(picks)];
  };
  return std::sqrt(judged(gemm.even_seconds, gemm.odd_seconds) * judged(gemm.odd_seconds, gemm.even_seconds));
}

}  // namespace

Verification::Verification(std::vector<int> counts, int default_threads)
    : counts_(std::move(counts)), default_threads_(default_threads) {}

std::size_t Verification::place_of(const VerifiedGemm& gemm, int threads) const {
  auto above = std::ranges::upper_bound(counts_, threads);
  while (above != counts_.begin()) {
    const auto place = static_cast<std::size_t>(--above - counts_.begin());
    if (gemm.seconds[place] > 0) return place;
  }
  return nowhere;
}

void Verification::add(VerifiedGemm gemm) {
  gemm.seconds.resize(counts_.size());
  const auto measured = std::ranges::count_if(gemm.seconds, [](double seconds) { return seconds > 0; });
  if (measured < std::min<std::ptrdiff_t>(2, std::ssize(counts_)) || gemm.advice.threads < 1 ||
      place_of(gemm, gemm.advice.threads) == nowhere) {
    ++left_out_;
    return;
  }
  gemms_.push_back(std::move(gemm));
}

double Verification::regret(const VerifiedGemm& gemm, int threads) const {
  const std::size_t place = place_of(gemm, threads);
  return place == nowhere ? 1 : gemm.seconds[place] / gemm.seconds[place_of_least(gemm.seconds)];
}

int Verification::fastest(const VerifiedGemm& gemm) const {
  return counts_[place_of_least(gemm.seconds)];
}

// threads_for: the count to judge for a gemm; 0 leaves it out.
template <class Threads>
RegretSummary Verification::summarise(const Threads& threads_for) const {
  std::vector<double> regrets;
  std::vector<double> across;
  for (const auto& gemm : gemms_) {
    const int threads = threads_for(gemm);
    const std::size_t place = threads == 0 ? nowhere : place_of(gemm, threads);
    if (place == nowhere) continue;
    regrets.push_back(regret(gemm, threads));
    if (!gemm.even_seconds.empty() && !gemm.odd_seconds.empty())
      across.push_back(regret_across_halves(gemm, place));
  }
  RegretSummary summary;
  summary.gemms = regrets.size();
  if (regrets.empty()) return summary;
  summary.geometric_mean = geometric_mean(regrets);
  summary.interval = bootstrap_geometric_mean(regrets, 0.95, resamples, 1);
  summary.p95 = quantile(regrets, 0.95);
  summary.worst = quantile(regrets, 1);
  if (across.size() == regrets.size()) summary.across_halves = geometric_mean(across);
  return summary;
}

RegretSummary Verification::of_advice() const {
  return summarise([](const VerifiedGemm& gemm) { return gemm.advice.threads; });
}

RegretSummary Verification::of_advice(Basis basis) const {
  return summarise(
      [basis](const VerifiedGemm& gemm) { return gemm.advice.basis == basis ? gemm.advice.threads : 0; });
}

RegretSummary Verification::of_constant(int threads) const {
  return summarise([threads](const VerifiedGemm&) { return threads; });
}

TimeAgainstOne Verification::against_one(int threads) const {
  TimeAgainstOne against;
  const auto found = std::ranges::lower_bound(counts_, threads);
  if (found == counts_.end() || *found != threads || counts_.front() != 1) return against;
  const auto place = static_cast<std::size_t>(found - counts_.begin());
  double measured = 0;
  double expected = 0;
  for (const auto& gemm : gemms_) {
    if (gemm.expected_seconds.size() != counts_.size()) continue;
    const std::array times{gemm.seconds[0], gemm.seconds[place], gemm.expected_seconds[0],
                           gemm.expected_seconds[place]};
    if (std::ranges::any_of(times, [](double seconds) { return seconds <= 0; })) continue;
    ++against.gemms;
    measured += std::log(times[1] / times[0]);
    expected += std::log(times[3] / times[2]);
  }
  if (against.gemms == 0) return against;
  against.measured = std::exp(measured / static_cast<double>(against.gemms));
  against.expected = std::exp(expected / static_cast<double>(against.gemms));
  return against;
}

int Verification::best_constant() const {
  int best = 0;
  double least = 0;
  for (std::size_t place = 0; place < counts_.size(); ++place) {
    if (gemms_.empty() ||
        std::ranges::any_of(gemms_, [&](const VerifiedGemm& gemm) { return gemm.seconds[place] <= 0; }))
      continue;
    double sum = 0;
    for (const auto& gemm : gemms_) sum += std::log(regret(gemm, counts_[place]));
    if (best != 0 && sum >= least) continue;
    best = counts_[place];
    least = sum;
  }
  return best;
}

std::vector<VerifiedGemm> Verification::worst(std::size_t most) const {
  std::vector<VerifiedGemm> sorted = gemms_;
  std::ranges::stable_sort(sorted, std::ranges::greater{},
                           [this](const VerifiedGemm& gemm) { return regret(gemm, gemm.advice.threads); });
  if (sorted.size() > most) sorted.resize(most);
  return sorted;
}

}  // namespace blastune
