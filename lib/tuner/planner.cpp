// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/planner.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <utility>

#include "model/statistics.h"
#include "tuner/burst_size.h"
#include "tuner/pooled_counts.h"

namespace blastune {
namespace {

constexpr double prior_deviation = 0.2;    // of one burst relative to its mean, until bursts say otherwise
constexpr double prior_bursts = 3;         // how many bursts that belief is worth
constexpr double unmeasured_regret = 0.3;  // expected of choosing blindly
constexpr double race_probability =
    0.01;                                // a count less likely than this to be the best is not measured again
constexpr int most_fruitless = 12;       // bursts lost or disturbed in a row before a gemm is given up
constexpr int least_bursts_of_best = 3;  // even when no other count is near
constexpr double rounds_per_budget = 24;
constexpr double parts_of_budget = 4;
constexpr double most_parts = 1e6;
constexpr double longest_part = 5;      // seconds: longer ones would only spend a large budget
constexpr double shortest_round = 0.3;  // seconds
// Of a round with many counts: then all curves say more of each.
constexpr double pooled_round_share = 0.15;  // of the gemms that are still uncertain
constexpr std::size_t least_pooled_round = 5;
constexpr std::size_t most_foreseen = 200;
constexpr double new_share = 0.05;         // of all bursts, without which nothing new is learned
constexpr double decided_regret = 0.015;   // expected loss below which a choice may guide refinement
constexpr double refinement_ratio = 1.25;  // batch sizes closer than this are not refined further
constexpr double refinement_gain = 1.03;   // nor where the neighbour's best count costs less than this
// A gemm that was begun is left only where it takes this much longer than it may, so that one on the border
// is not taken up and dropped in turn.
constexpr double begun_allowance = 1.25;

double mean_error(const Moments& seconds) {
  const auto bursts = static_cast<double>(seconds.count());
  const double prior = prior_deviation * seconds.mean();
  const double variance =
      (seconds.variance() * (bursts - 1) + prior * prior * prior_bursts) / (bursts - 1 + prior_bursts);
  return std::sqrt(variance / bursts);
}

// Standard errors by which the count's mean is behind the best one's.
double behind(const Moments& seconds, const Moments& best) {
  return (seconds.mean() - best.mean()) / std::hypot(mean_error(seconds), mean_error(best));
}

// E[max(0, -x)] for x normal with that mean and error: what staying with the choice is expected to lose.
double expected_loss(double mean, double error) {
  const double z = mean / error;
  const double density = std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi);
  return error * density - mean * normal_cdf(-z);
}

const CurvePoint* fastest(const Curve& curve) {
  const auto best =
      std::ranges::min_element(curve.points, {}, [](const CurvePoint& p) { return p.seconds.mean(); });
  return best == curve.points.end() ? nullptr : &*best;
}

}  // namespace

Planner::Planner(Plan plan, std::vector<int> counts, Table known, PlannerOptions options)
    : plan_(std::move(plan)),
      counts_(std::move(counts)),
      options_(options),
      known_(std::move(known)),
      rng_(options.seed) {
  seconds_per_flop_.fill(1e-10);
  if (counts_.size() > most_counts_measured_all) pool_.emplace(counts_);
  progress_.budget_seconds = options_.budget_seconds;
  for (const auto& gemm : plan_.gemms()) add_item(gemm);
  // What an earlier tune refined stays refined, so that the series start where they ended.
  for (auto& series : plan_.series) {
    for (const auto& curve : known_.curves) {
      for (const auto size : {curve.gemm.m, curve.gemm.n, curve.gemm.k}) {
        if (series.at(size) != curve.gemm || std::ranges::binary_search(series.batches, size)) continue;
        series.batches.insert(std::ranges::lower_bound(series.batches, size), size);
        add_item(curve.gemm);
      }
    }
  }
}

void Planner::add_item(const Gemm& gemm) {
  const auto [place, is_new] = items_.try_emplace(gemm);
  if (!is_new) return;
  Item& item = place->second;
  item.fresh.gemm = item.all.gemm = gemm;
  if (const Curve* curve = known_.find(gemm)) {
    item.all = *curve;
    // What other limits once allowed is no candidate now, however fast it was.
    std::erase_if(item.all.points, [this](const CurvePoint& point) {
      return std::ranges::find(counts_, point.threads) == counts_.end();
    });
    if (options_.measure_known_again) item.known = item.all;
  }
  if (pool_) item.first_block = first_counts(counts_, gemm, options_.seed);
  ++in_state(item.state);
  foresee(item);
  judge(item);
}

double& Planner::seconds_per_flop(DType dtype) {
  return seconds_per_flop_.at(static_cast<std::size_t>(dtype));
}

double Planner::seconds_per_flop(DType dtype) const {
  return seconds_per_flop_.at(static_cast<std::size_t>(dtype));
}

bool Planner::takes_too_long(const Item& item) const {
  if (std::isinf(options_.longest_burst_seconds)) return false;
  const CurvePoint* alone = item.all.find(1);
  const double call =
      alone != nullptr ? alone->seconds.mean() : flops(item.all.gemm) * seconds_per_flop(item.all.gemm.dtype);
  const double allowance = item.fresh.points.empty() ? 1 : begun_allowance;
  const BurstRequest request = burst(item, 1);
  return (request.warm_calls + request.calls) * call > allowance * options_.longest_burst_seconds;
}

void Planner::judge(Item& item) {
  State state = State::uncertain;
  if (settled(item)) {
    state = State::settled;
  } else if (takes_too_long(item)) {
    state = State::left_alone;
  }
  --in_state(item.state);
  ++in_state(state);
  item.state = state;
}

// Of these counts, those that are known from an earlier run only, where that is not enough.
std::vector<int> Planner::only_known(const Item& item, const std::vector<int>& counts) const {
  std::vector<int> unseen;
  if (item.known.points.empty()) return unseen;
  std::ranges::copy_if(counts, std::back_inserter(unseen), [&item](int count) {
    return item.fresh.find(count) == nullptr && !item.gone.contains(count);
  });
  return unseen;
}

// The counts that were not measured yet, and those that could still be the best.
std::vector<int> Planner::open_counts(const Item& item) const {
  if (pool_) {
    if (!has_first_block(item)) return item.first_block;
    if (auto unseen = only_known(item, item.first_block); !unseen.empty()) return unseen;
    auto promising = promising_counts(counts_, *item.prospects, chosen_count(item.all));
    std::erase_if(promising, [&item](int count) { return item.gone.contains(count); });
    return promising;
  }
  if (auto unseen = only_known(item, counts_); !unseen.empty()) return unseen;
  const CurvePoint* best = fastest(item.all);
  std::vector<int> open;
  for (const int count : counts_) {
    const CurvePoint* point = item.all.find(count);
    if (item.gone.contains(count)) continue;
    if (point == nullptr || best == nullptr || point == best ||
        normal_cdf(-behind(point->seconds, best->seconds)) > race_probability) {
      open.push_back(count);
    }
  }
  return open;
}

double Planner::expected_regret(const Item& item) const {
  const int chosen = chosen_count(item.all);
  if (chosen == 0) return unmeasured_regret;
  if (pool_) return has_first_block(item) ? item.prospects->regret : unmeasured_regret;
  const Moments& choice = item.all.find(chosen)->seconds;
  double worst = 0;
  for (const int count : counts_) {
    const CurvePoint* point = item.all.find(count);
    if (point == nullptr && item.gone.contains(count)) continue;
    if (point == nullptr) return unmeasured_regret;
    if (count == chosen) continue;
    const double error = std::hypot(mean_error(point->seconds), mean_error(choice));
    // A tie within the tolerance is settled in favour of fewer threads; only what lies beyond it is a loss.
    const double tolerated =
        count < chosen ? options_.tolerance : tolerated_loss(chosen, count, options_.tolerance);
    const double margin = point->seconds.mean() - choice.mean() / (1 + tolerated);
    worst = std::max(worst, expected_loss(margin, error) / choice.mean());
  }
  return worst;
}

bool Planner::settled(const Item& item) const {
  if (item.fruitless >= most_fruitless || (!item.gone.empty() && open_counts(item).empty())) return true;
  const bool is_looked_at = options_.measure_known_again || !item.fresh.points.empty();
  if (item.parts < options_.least_parts && is_looked_at && !counts_bursts()) return false;
  if (pool_) return has_first_block(item) && expected_regret(item) <= options_.acceptable_regret;
  // One lucky burst can make all others look lost.
  const CurvePoint* best = fastest(item.all);
  if (best == nullptr || best->seconds.count() < std::min(least_bursts_of_best, options_.least_bursts))
    return false;
  const auto open = open_counts(item);
  if (open.size() > 1) {
    for (const int count : open) {
      const CurvePoint* point = item.all.find(count);
      if (point == nullptr || point->seconds.count() < options_.least_bursts) return false;
    }
  }
  return expected_regret(item) <= options_.acceptable_regret;
}

int Planner::chosen_count(const Curve& curve) const {
  return best_threads(curve, counts_.back(), options_.tolerance);
}

// Of many counts, as many as a first block has, in whatever run.
bool Planner::has_first_block(const Item& item) const {
  return pool_ && !item.all.points.empty() && item.all.points.size() >= item.first_block.size();
}

void Planner::foresee(Item& item) {
  if (!has_first_block(item)) return;
  item.prospects = pool_->prospects(item.all, chosen_count(item.all), options_.tolerance);
}

void Planner::learn_from_all() {
  if (!pool_ || static_cast<double>(progress_.bursts) < next_learning_) return;
  next_learning_ = (1 + new_share) * static_cast<double>(progress_.bursts);
  std::vector<const Curve*> curves;
  for (const auto& [gemm, item] : items_) {
    if (item.all.points.size() > 1) curves.push_back(&item.all);
  }
  pool_->learn(curves);
  // Those of which most is expected; to look at all of a thousand takes longer than to measure some.
  std::vector<Item*> open;
  for (auto& [gemm, item] : items_) {
    if (item.state == State::uncertain && has_first_block(item)) open.push_back(&item);
  }
  std::ranges::stable_sort(open, std::ranges::greater{},
                           [this](const Item* item) { return expected_regret(*item); });
  if (open.size() > most_foreseen) open.resize(most_foreseen);
  for (Item* item : open) foresee(*item);
}

int Planner::part_of_run() const {
  const double part = std::min(longest_part, options_.budget_seconds / parts_of_budget);
  return static_cast<int>(std::min(progress_.spent_seconds / part, most_parts));
}

bool Planner::counts_bursts() const {
  return options_.most_bursts != std::numeric_limits<std::int64_t>::max();
}

// Certain enough to build on, though perhaps not to stop at.
bool Planner::decided(const Item& item) const {
  return expected_regret(item) <= decided_regret;
}

double Planner::call_seconds(const Item& item, int threads) const {
  if (const CurvePoint* point = item.all.find(threads)) return point->seconds.mean();
  // As if a further thread brought nothing: rather less in a slice than it could hold.
  const double alone = flops(item.all.gemm) * seconds_per_flop(item.all.gemm.dtype);
  const CurvePoint* best = fastest(item.all);
  return best == nullptr ? alone : std::max(alone, best->seconds.mean());
}

BurstRequest Planner::burst(const Item& item, int threads) const {
  BurstRequest request = fitting_burst(item.all.gemm, threads, call_seconds(item, threads));
  if (options_.calls_of_burst > 0) request.calls = options_.calls_of_burst;
  return request;
}

double Planner::burst_seconds(const Item& item, const BurstRequest& request) const {
  return expected_seconds(request, call_seconds(item, request.threads));
}

double Planner::block_seconds(const Item& item) const {
  double seconds = 0;
  for (const int count : open_counts(item)) seconds += burst_seconds(item, burst(item, count));
  return seconds;
}

double Planner::seconds_of(const Block& block) const {
  double seconds = 0;
  for (const auto& request : block) seconds += burst_seconds(items_.at(request.gemm), request);
  return seconds;
}

void Planner::start_round() {
  struct Candidate {
    double worth;
    double seconds;
    Gemm gemm;
  };
  learn_from_all();
  std::vector<Candidate> candidates;
  std::size_t begun = 0;
  for (auto& [gemm, item] : items_) {
    // What a call takes was learned of others too.
    if (item.state != State::settled) judge(item);
    if (item.state != State::uncertain) continue;
    const double seconds = block_seconds(item);
    // By the square root of its cost: by the whole of it, small gemms would be measured to perfection
    // before a large one is looked at.
    candidates.push_back({expected_regret(item) / (counts_bursts() ? 1 : std::sqrt(seconds)), seconds, gemm});
    if (has_first_block(item)) ++begun;
  }
  std::ranges::stable_sort(candidates, std::ranges::greater{}, &Candidate::worth);
  double left = std::max(shortest_round, options_.budget_seconds / rounds_per_budget);
  std::size_t room =
      std::max(least_pooled_round, static_cast<std::size_t>(pooled_round_share * static_cast<double>(begun)));
  for (const auto& candidate : candidates) {
    if (left <= 0) break;
    if (pool_ && has_first_block(items_.at(candidate.gemm)) && room-- == 0) break;
    round_.push_back(candidate.gemm);
    left -= candidate.seconds;
  }
  rng_.shuffle(std::span(round_));
}

// Makes up the next block; false when there is none.
bool Planner::begin_block(bool may_start_round) {
  while (true) {
    if (round_.empty() && may_start_round) {
      refine();
      start_round();
    }
    if (round_.empty()) return false;
    Item& item = items_.at(round_.back());
    round_.pop_back();
    judge(item);
    if (item.state != State::uncertain) continue;
    auto counts = open_counts(item);
    rng_.shuffle(std::span(counts));
    Block& block = blocks_.emplace_back();
    for (const int count : counts) block.push_back(burst(item, count));
    return true;
  }
}

std::vector<BurstRequest> Planner::next(double seconds) {
  const double left = options_.budget_seconds - progress_.spent_seconds;
  if (left <= 0 || progress_.bursts >= options_.most_bursts) return {};
  double room = std::min(seconds, left);
  std::vector<BurstRequest> requests;
  // Only what has no burst yet may start a round, or it could hold two blocks of one gemm.
  while ((requests.empty() || room > 0) && (!blocks_.empty() || begin_block(requests.empty()))) {
    Block& block = blocks_.front();
    const double whole = seconds_of(block);
    auto end = block.end();
    if (whole > seconds) {
      double taken = 0;
      end = std::ranges::find_if(block, [&](const BurstRequest& request) {
        taken += burst_seconds(items_.at(request.gemm), request);
        return taken > room;
      });
      if (end == block.begin() && requests.empty()) ++end;
    } else if (whole > room && !requests.empty()) {
      break;
    }
    room -= whole;
    requests.insert(requests.end(), block.begin(), end);
    block.erase(block.begin(), end);
    if (!block.empty()) break;
    blocks_.pop_front();
  }
  return requests;
}

void Planner::record(std::span<const BurstRequest> requests,
                     std::span<const std::optional<BurstResult>> results, double elapsed_seconds) {
  progress_.spent_seconds += elapsed_seconds;
  for (std::size_t i = 0; i < requests.size() && i < results.size(); ++i) {
    const BurstRequest& request = requests[i];
    Item& item = items_.at(request.gemm);
    ++progress_.bursts;
    if (!results[i]) {
      ++progress_.lost;
      if (options_.lost_is_gone) {
        item.gone.insert(request.threads);
        std::erase(item.first_block, request.threads);
      } else {
        ++item.fruitless;
      }
      continue;
    }
    if (is_disturbed(request, results[i]->context) && !options_.accept_disturbed) {
      ++item.fruitless;
      ++item.fresh.disturbed;
      ++progress_.disturbed;
      continue;
    }
    const double value = burst_value(*results[i]);
    item.fruitless = 0;
    if (item.last_part != part_of_run()) {
      item.last_part = part_of_run();
      ++item.parts;
    }
    item.fresh.at(request.threads).seconds.add(value);
    item.all.at(request.threads).seconds.add(value);
    if (request.threads == 1) {
      double& learned = seconds_per_flop(request.gemm.dtype);
      learned = std::lerp(learned, value / flops(request.gemm), 0.1);
    }
  }
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i + 1 < requests.size() && requests[i].gemm == requests[i + 1].gemm) continue;
    Item& item = items_.at(requests[i].gemm);
    if (!item.known.points.empty()) {
      item.all = item.known;
      item.all.merge_later(item.fresh);
    }
    foresee(item);
    judge(item);
  }
  std::erase_if(blocks_, [this](const Block& block) {
    return items_.at(block.front().gemm).state == State::left_alone;
  });
}

void Planner::discard(std::span<const BurstRequest> requests, double elapsed_seconds) {
  progress_.spent_seconds += elapsed_seconds;
  const auto bursts = static_cast<std::int64_t>(requests.size());
  progress_.bursts += bursts;
  progress_.disturbed += bursts;
  std::deque<Block> again;
  for (const auto& request : requests) {
    ++items_.at(request.gemm).fresh.disturbed;
    if (again.empty() || again.back().front().gemm != request.gemm) again.emplace_back();
    again.back().push_back(request);
  }
  blocks_.insert(blocks_.begin(), again.begin(), again.end());
}

bool Planner::best_count_changes(const Series& series, std::int64_t from, std::int64_t to) const {
  // A change that is not settled at both ends may be noise, and refining noise makes more of it.
  const Item& low_item = items_.at(series.at(from));
  const Item& high_item = items_.at(series.at(to));
  if (!decided(low_item) || !decided(high_item)) return false;
  const Curve& low = low_item.all;
  const Curve& high = high_item.all;
  const int low_best = chosen_count(low);
  const int high_best = chosen_count(high);
  if (low_best == 0 || high_best == 0 || low_best == high_best) return false;
  const auto cost = [](const Curve& curve, int used, int best) {
    const CurvePoint* with = curve.find(used);
    return with == nullptr ? refinement_gain : with->seconds.mean() / curve.find(best)->seconds.mean();
  };
  return cost(low, high_best, low_best) >= refinement_gain ||
         cost(high, low_best, high_best) >= refinement_gain;
}

void Planner::refine() {
  for (auto& series : plan_.series) {
    std::vector<std::int64_t> added;
    for (std::size_t i = 0; i + 1 < series.batches.size(); ++i) {
      const auto from = series.batches[i];
      const auto to = series.batches[i + 1];
      if (static_cast<double>(to) / static_cast<double>(from) < refinement_ratio || to - from < 2) continue;
      const auto middle = std::llround(std::sqrt(static_cast<double>(from) * static_cast<double>(to)));
      if (middle <= from || middle >= to || !best_count_changes(series, from, to)) continue;
      if (static_cast<std::int64_t>(items_.size()) >= options_.max_curves) return;
      added.push_back(middle);
      add_item(series.at(middle));
    }
    series.batches.insert(series.batches.end(), added.begin(), added.end());
    std::ranges::sort(series.batches);
  }
}

Progress Planner::progress() const {
  const auto in_state = [this](State state) { return in_state_.at(static_cast<std::size_t>(state)); };
  Progress now = progress_;
  now.settled = in_state(State::settled);
  now.left_alone = in_state(State::left_alone);
  now.gemms = items_.size() - now.left_alone;
  return now;
}

std::vector<Curve> Planner::measured() const {
  std::vector<Curve> curves;
  for (const auto& [gemm, item] : items_) {
    // A curve that lacks a count says nothing of whether that one is better, unless others do.
    const auto is_known = [&item = item](int count) {
      return item.all.find(count) != nullptr || item.gone.contains(count);
    };
    const bool complete = pool_ ? has_first_block(item) : std::ranges::all_of(counts_, is_known);
    if (complete && !item.fresh.points.empty()) curves.push_back(item.fresh);
  }
  return curves;
}

}  // namespace blastune
