// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/canaries.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "tuner/burst_size.h"

namespace blastune {
namespace {

constexpr double other_type = 20;      // distance, in units of ln(size): farther than any sizes are apart
constexpr double other_transpose = 2;  // of either operand
constexpr std::size_t drawn_at_once = 6;
constexpr int most_fruitless = 12;  // bursts lost or disturbed in a row before a canary is given up
// Spread of single bursts, relative to their mean: what is believed before a table's bursts are seen, and how
// many of them that belief is worth. Several threads meet several states, one thread is much the same in all.
constexpr double usual_spread = 0.5;
constexpr double usual_spread_alone = 0.2;
constexpr double usual_spread_bursts = 100;
// A table shows it only where a point has many bursts. Few may by chance all have met the same state, and
// look steadier than they are: hence the allowance, and the weight against a point's own spread.
constexpr std::int64_t many_bursts = 8;
constexpr double spread_allowance = 1.5;
constexpr double table_spread_bursts = 30;
constexpr double hardly_nearer = 1e-9;

double distance(const Gemm& a, const Gemm& b) {
  const auto ratio = [](std::int64_t x, std::int64_t y) {
    return std::log(static_cast<double>(x) / static_cast<double>(y));
  };
  return std::hypot(ratio(a.m, b.m), ratio(a.n, b.n), ratio(a.k, b.k)) +
         (a.dtype == b.dtype ? 0 : other_type) + (a.trans_a == b.trans_a ? 0 : other_transpose) +
         (a.trans_b == b.trans_b ? 0 : other_transpose);
}

double nearest(const Gemm& gemm, std::span<const Gemm> others) {
  double least = std::numeric_limits<double>::infinity();
  for (const auto& other : others) {
    if (other.dtype == gemm.dtype) least = std::min(least, distance(gemm, other));
  }
  return least;
}

bool knows_all(const Curve& curve, std::span<const int> counts) {
  return std::ranges::all_of(counts, [&](int count) { return curve.find(count) != nullptr; });
}

double block_cost(const Curve& curve, std::span<const int> counts) {
  double seconds = 0;
  for (const int count : counts) {
    const double call = curve.find(count)->seconds.mean();
    seconds += expected_seconds(fitting_burst(curve.gemm, count, call), call);
  }
  return seconds;
}

double relative_variance(const Moments& seconds) {
  return seconds.variance() / (seconds.mean() * seconds.mean());
}

// Of one burst, relative to the mean of its point, over all points of the table with one thread or several.
double table_spread(const Table& table, bool alone) {
  const double usual = alone ? usual_spread_alone : usual_spread;
  double squares = usual * usual * usual_spread_bursts;
  double bursts = usual_spread_bursts;
  for (const auto& curve : table.curves) {
    for (const auto& point : curve.points) {
      if ((point.threads == 1) != alone || point.seconds.count() < many_bursts) continue;
      const auto free = static_cast<double>(point.seconds.count() - 1);
      squares += spread_allowance * spread_allowance * relative_variance(point.seconds) * free;
      bursts += free;
    }
  }
  return std::sqrt(squares / bursts);
}

// How far a further burst may lie from the point's mean, relative to it.
double relative_spread(const CurvePoint& point, double expected) {
  const auto bursts = static_cast<double>(point.seconds.count());
  const double variance =
      (relative_variance(point.seconds) * (bursts - 1) + expected * expected * table_spread_bursts) /
      (bursts - 1 + table_spread_bursts);
  return std::sqrt(variance * (1 + 1 / bursts));
}

double relative_error(const Moments& seconds) {
  return seconds.standard_error() / seconds.mean();
}

}  // namespace

std::vector<Gemm> choose_canaries(const Table& table, std::span<const int> counts, std::size_t wanted,
                                  double longest_block_seconds, std::uint64_t seed) {
  std::vector<Gemm> eligible;
  for (const auto& curve : table.curves) {
    if (knows_all(curve, counts) && block_cost(curve, counts) <= longest_block_seconds)
      eligible.push_back(curve.gemm);
  }
  // Of a few drawn at random, the one farthest from those chosen (Mitchell 1991): spread out, and yet every
  // gemm's turn comes. The farthest of all would always be the same corners.
  Rng rng(seed);
  rng.shuffle(std::span(eligible));
  std::vector<Gemm> chosen;
  while (chosen.size() < wanted && !eligible.empty()) {
    const std::size_t first = eligible.size() - std::min(eligible.size(), chosen.empty() ? 1 : drawn_at_once);
    std::size_t farthest = first;
    double most = -1;
    for (std::size_t i = first; i < eligible.size(); ++i) {
      double least = std::numeric_limits<double>::infinity();
      for (const auto& other : chosen) least = std::min(least, distance(eligible[i], other));
      if (least > most) {
        most = least;
        farthest = i;
      }
    }
    chosen.push_back(eligible[farthest]);
    eligible.erase(eligible.begin() + static_cast<std::ptrdiff_t>(farthest));
    rng.shuffle(std::span(eligible));
  }
  return chosen;
}

std::vector<Gemm> stale_gemms(const Table& table, std::span<const Gemm> sound,
                              std::span<const Gemm> drifted) {
  std::vector<Gemm> stale;
  for (const auto& curve : table.curves) {
    const bool canary = std::ranges::find(drifted, curve.gemm) != drifted.end();
    if (!canary && nearest(curve.gemm, drifted) + hardly_nearer < nearest(curve.gemm, sound))
      stale.push_back(curve.gemm);
  }
  return stale;
}

CanaryCheck::CanaryCheck(const Table& known, std::vector<int> counts, std::span<const Gemm> canaries,
                         CanaryOptions options)
    : counts_(std::move(counts)),
      tolerance_(known.tolerance),
      spread_alone_(table_spread(known, true)),
      spread_(table_spread(known, false)),
      options_(options),
      rng_(options.seed) {
  for (const auto& gemm : canaries) {
    const Curve* curve = known.find(gemm);
    if (curve == nullptr || !knows_all(*curve, counts_)) continue;
    Canary& canary = canaries_[gemm];
    canary.known = *curve;
    canary.fresh.gemm = gemm;
  }
}

bool CanaryCheck::lacks(const Canary& canary, int threads) const {
  const CurvePoint* point = canary.fresh.find(threads);
  return point == nullptr || point->seconds.count() < options_.least_bursts;
}

bool CanaryCheck::complete(const Canary& canary) const {
  return std::ranges::none_of(counts_, [&](int count) { return lacks(canary, count); });
}

bool CanaryCheck::given_up(const Canary& canary) const {
  return canary.fruitless >= most_fruitless;
}

bool CanaryCheck::finished() const {
  return std::ranges::all_of(
      canaries_, [this](const auto& entry) { return complete(entry.second) || given_up(entry.second); });
}

double CanaryCheck::burst_seconds(const BurstRequest& request) const {
  const Canary& canary = canaries_.at(request.gemm);
  const CurvePoint* now = canary.fresh.find(request.threads);
  return expected_seconds(request,
                          (now != nullptr ? now : canary.known.find(request.threads))->seconds.mean());
}

double CanaryCheck::block_seconds(const Block& block) const {
  double seconds = 0;
  for (const auto& request : block) seconds += burst_seconds(request);
  return seconds;
}

// Every count that lacks bursts, once.
void CanaryCheck::start_round() {
  std::vector<Block> blocks;
  for (const auto& [gemm, canary] : canaries_) {
    if (given_up(canary)) continue;
    Block block;
    for (const int count : counts_) {
      if (lacks(canary, count))
        block.push_back(fitting_burst(gemm, count, canary.known.find(count)->seconds.mean()));
    }
    rng_.shuffle(std::span(block));
    if (!block.empty()) blocks.push_back(std::move(block));
  }
  rng_.shuffle(std::span(blocks));
  round_.assign(std::make_move_iterator(blocks.begin()), std::make_move_iterator(blocks.end()));
}

std::vector<BurstRequest> CanaryCheck::next(double seconds) {
  if (round_.empty()) start_round();
  std::vector<BurstRequest> requests;
  double room = seconds;
  while (!round_.empty()) {
    Block& block = round_.front();
    const double whole = block_seconds(block);
    auto end = block.end();
    if (whole > room) {
      if (!requests.empty() && whole <= seconds) break;
      double taken = 0;
      end = std::ranges::find_if(block, [&](const BurstRequest& request) {
        taken += burst_seconds(request);
        return taken > room;
      });
      if (end == block.begin() && requests.empty()) ++end;
    }
    requests.insert(requests.end(), block.begin(), end);
    block.erase(block.begin(), end);
    if (!block.empty()) break;
    round_.pop_front();
    room -= whole;
  }
  return requests;
}

void CanaryCheck::record(std::span<const BurstRequest> requests,
                         std::span<const std::optional<BurstResult>> results, double elapsed_seconds) {
  spent_seconds_ += elapsed_seconds;
  for (std::size_t i = 0; i < requests.size() && i < results.size(); ++i) {
    Canary& canary = canaries_.at(requests[i].gemm);
    if (!results[i]) {
      ++canary.fruitless;
    } else if (is_disturbed(requests[i], results[i]->context)) {
      ++canary.fruitless;
      ++canary.fresh.disturbed;
    } else {
      canary.fruitless = 0;
      canary.fresh.at(requests[i].threads).seconds.add(burst_value(*results[i]));
    }
  }
  std::erase_if(round_, [this](const Block& block) { return given_up(canaries_.at(block.front().gemm)); });
}

void CanaryCheck::discard(std::span<const BurstRequest> requests, double elapsed_seconds) {
  spent_seconds_ += elapsed_seconds;
  std::deque<Block> again;
  for (const auto& request : requests) {
    ++canaries_.at(request.gemm).fresh.disturbed;
    if (again.empty() || again.back().front().gemm != request.gemm) again.emplace_back();
    again.back().push_back(request);
  }
  round_.insert(round_.begin(), again.begin(), again.end());
}

bool CanaryCheck::has_drifted(const Canary& canary) const {
  const auto spread = [&](int threads) {
    return relative_spread(*canary.known.find(threads), threads == 1 ? spread_alone_ : spread_);
  };
  const CurvePoint* fastest = nullptr;
  for (const int count : counts_) {
    const CurvePoint& now = *canary.fresh.find(count);
    const double ratio = now.seconds.mean() / canary.known.find(count)->seconds.mean();
    const double change = std::max(ratio, 1 / ratio) - 1;
    const double error = std::hypot(spread(count), relative_error(now.seconds));
    if (change > options_.most_change && change > options_.certainty * error) return true;
    if (fastest == nullptr || now.seconds.mean() < fastest->seconds.mean()) fastest = &now;
  }
  const int chosen = best_threads(canary.known, counts_.back(), tolerance_);
  const CurvePoint* choice = canary.fresh.find(chosen);
  if (choice == nullptr || choice == fastest) return false;
  const double regret = choice->seconds.mean() / fastest->seconds.mean() - 1;
  const double error =
      std::hypot(spread(chosen), spread(fastest->threads),
                 std::hypot(relative_error(choice->seconds), relative_error(fastest->seconds)));
  return regret > options_.most_regret && regret > options_.certainty * error;
}

CanaryVerdict CanaryCheck::verdict() const {
  CanaryVerdict verdict;
  for (const auto& [gemm, canary] : canaries_) {
    if (!complete(canary)) {
      verdict.undecided.push_back(gemm);
    } else if (has_drifted(canary)) {
      verdict.drifted.push_back(canary.fresh);
    } else {
      verdict.sound.push_back(canary.fresh);
    }
  }
  return verdict;
}

}  // namespace blastune
