// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/build_upkeep.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace blastune {
namespace {

// After so much measuring the planner starts anew from what the table then holds.
constexpr double campaign_seconds = 30;
constexpr std::size_t most_canaries = 8;
constexpr double longest_canary_seconds = 0.1;

std::vector<Gemm> gemms_of(const std::vector<Curve>& curves) {
  std::vector<Gemm> gemms;
  gemms.reserve(curves.size());
  for (const Curve& curve : curves) gemms.push_back(curve.gemm);
  return gemms;
}

}  // namespace

BuildUpkeep::BuildUpkeep(const WorkerHello& library, Table known, UpkeepOptions options, std::uint64_t seed)
    : known_(std::move(known)), options_(std::move(options)), seed_(seed) {
  // Where it lies may have changed, and a machine with fewer processors online sees a smaller default.
  known_.build = library.build;
  known_.default_threads = known_.curves.empty() ? library.default_threads
                                                 : std::max(known_.default_threads, library.default_threads);
  known_.tolerance = options_.tolerance;
  begin_campaign();
}

void BuildUpkeep::change(UpkeepOptions options) {
  end_campaign();
  check_.reset();
  suspects_.clear();
  options_ = std::move(options);
  known_.tolerance = options_.tolerance;
  begin_campaign();
}

Table BuildUpkeep::believed() const {
  Table believed = known_;
  std::erase_if(believed.curves, [this](const Curve& curve) { return stale_.contains(curve.gemm); });
  return believed;
}

std::unique_ptr<Planner> BuildUpkeep::make_planner(bool again) {
  Plan plan = make_plan(options_.plan, known_.build);
  // What refinement or another configuration once added is in no plan, and would be wrong for ever.
  const auto planned = plan.gemms();
  std::ranges::set_difference(stale_, planned, std::back_inserter(plan.grid));
  PlannerOptions options;
  options.budget_seconds = campaign_seconds;
  options.tolerance = options_.tolerance;
  options.longest_burst_seconds = options_.longest_burst_seconds;
  // Slices are spread over time by themselves, and canaries come back.
  options.least_parts = 1;
  options.measure_known_again = again;
  options.seed = ++seed_;
  return std::make_unique<Planner>(std::move(plan), options_.counts, believed(), options);
}

void BuildUpkeep::begin_campaign() {
  planner_ = make_planner(false);
  count();
  // What is settled needs no planner, which is most of the memory.
  if (uncertain_ == 0) planner_.reset();
}

void BuildUpkeep::end_campaign() {
  if (!planner_) return;
  const std::int64_t checked = known_.checked_unix;
  known_ = table();
  known_.checked_unix = checked;
  for (const Curve& curve : planner_->measured()) stale_.erase(curve.gemm);
  lost_before_ += planner_->progress().lost;
  campaign_spent_ = 0;
  planner_.reset();
  again_ = false;
}

void BuildUpkeep::count() {
  const Progress progress = planner_->progress();
  // Nothing is open while what is settled is measured again.
  if (!again_) {
    gemms_ = progress.gemms;
    uncertain_ = progress.gemms - progress.settled;
  }
  campaign_spent_ = progress.spent_seconds;
  lost_ = lost_before_ + progress.lost;
  curves_.reset();
}

std::size_t BuildUpkeep::curves() const {
  if (!curves_) curves_ = table().curves.size();
  return *curves_;
}

Table BuildUpkeep::table() const {
  Table table = known_;
  std::size_t stale = stale_.size();
  table.spent_seconds = measured_seconds();
  for (const Curve& curve : planner_ ? planner_->measured() : std::vector<Curve>{}) {
    if (stale_.contains(curve.gemm)) {
      table.replace(curve);
      --stale;
    } else if (again_) {
      table.add_later(curve);
    } else {
      table.add(curve);
    }
  }
  if (stale > 0 || !suspects_.empty()) table.checked_unix = 0;
  return table;
}

std::vector<BurstRequest> BuildUpkeep::next(Purpose purpose, double seconds) {
  asked_ = purpose;
  if (purpose == Purpose::check) {
    if (!check_) return {};
    return check_->next(seconds);
  }
  if (purpose == Purpose::measure_again) return next_again(seconds);
  if (again_) return {};
  // A check lets the planner go, and may have to wait for its budget while a first run has not.
  if (!planner_ && uncertain_ > 0) begin_campaign();
  if (!planner_) return {};
  auto requests = planner_->next(seconds);
  if (!requests.empty()) return requests;
  // The campaign's budget is spent, or everything is settled or given up.
  const bool is_over = uncertain_ == 0;
  end_campaign();
  if (is_over) return {};
  begin_campaign();
  if (planner_) requests = planner_->next(seconds);
  return requests;
}

void BuildUpkeep::begin_again() {
  if (uncertain_ > 0 || check_ || again_) return;
  end_campaign();
  planner_ = make_planner(true);
  again_ = true;
}

std::vector<BurstRequest> BuildUpkeep::next_again(double seconds) {
  if (!again_) return {};
  auto requests = planner_->next(seconds);
  if (!requests.empty()) return requests;
  end_campaign();
  ++known_.occasions;
  has_news_ = true;
  // What two occasions disagree about may be open now.
  begin_campaign();
  return {};
}

void BuildUpkeep::record(std::span<const BurstRequest> requests,
                         std::span<const std::optional<BurstResult>> results, double elapsed_seconds,
                         std::int64_t now_unix) {
  if (asked_ == Purpose::check) {
    if (!check_) return;
    check_->record(requests, results, elapsed_seconds);
    known_.spent_seconds += elapsed_seconds;
    if (check_->finished()) judge_check(now_unix);
    return;
  }
  if (!asked_planner()) return;
  planner_->record(requests, results, elapsed_seconds);
  known_.measured_unix = now_unix;
  if (known_.checked_unix == 0) known_.checked_unix = now_unix;
  has_news_ = true;
  count();
}

void BuildUpkeep::discard(std::span<const BurstRequest> requests, double elapsed_seconds) {
  if (asked_ == Purpose::check) {
    if (check_) check_->discard(requests, elapsed_seconds);
    known_.spent_seconds += elapsed_seconds;
  } else if (asked_planner()) {
    planner_->discard(requests, elapsed_seconds);
    count();
  }
}

void BuildUpkeep::begin_check(std::int64_t now_unix) {
  // A further occasion goes on afterwards: it may last for longer than it is from one check to the next.
  if (!again_) end_campaign();
  const auto chosen = suspects_.empty() ? choose_canaries(believed(), options_.counts, most_canaries,
                                                          longest_canary_seconds, ++seed_)
                                        : gemms_of(suspects_);
  check_.emplace(known_, options_.counts, chosen, CanaryOptions{.seed = ++seed_});
  if (check_->finished()) judge_check(now_unix);
}

void BuildUpkeep::judge_check(std::int64_t now_unix) {
  if (!again_) end_campaign();
  const CanaryVerdict verdict = check_->verdict();
  check_.reset();
  has_news_ = true;
  drifted_ = 0;
  if (suspects_.empty() && !verdict.drifted.empty()) {
    suspects_ = verdict.drifted;
    vouching_ = gemms_of(verdict.sound);
    for (const Curve& curve : verdict.sound) known_.add(curve);
  } else if (suspects_.empty() || verdict.undecided.size() < suspects_.size()) {
    conclude(verdict);
    known_.checked_unix = now_unix;
  }
  if (!again_) begin_campaign();
}

// What two checks found, or a single one that found nothing.
void BuildUpkeep::conclude(const CanaryVerdict& verdict) {
  // What only one of two checks found is a state the machine was in, and one that the table shall know too.
  // In order of time: the last one's level is the machine's.
  const auto was_suspected = [this](const Curve& sound) {
    return std::ranges::find(suspects_, sound.gemm, &Curve::gemm);
  };
  for (const Curve& curve : verdict.sound) {
    const auto before = was_suspected(curve);
    if (before == suspects_.end()) {
      known_.add(curve);
    } else {
      known_.add_later(*before);
      known_.add_later(curve);
    }
  }
  suspects_.clear();
  auto sound = gemms_of(verdict.sound);
  sound.insert(sound.end(), vouching_.begin(), vouching_.end());
  vouching_.clear();
  if (verdict.drifted.empty()) return;
  // What the present occasion has measured so far is kept.
  end_campaign();
  const auto drifted = gemms_of(verdict.drifted);
  for (const Gemm& gemm : stale_gemms(known_, sound, drifted)) stale_.insert(gemm);
  // A canary's own new curve is a beginning; the planner goes on from there.
  for (const Curve& curve : verdict.drifted) {
    known_.replace(curve);
    stale_.erase(curve.gemm);
  }
  drifted_ = drifted.size();
  known_.occasions = 1;
}

}  // namespace blastune
