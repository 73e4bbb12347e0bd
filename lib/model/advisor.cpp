// SPDX-License-Identifier: BSD-3-Clause
#include "model/advisor.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "model/burst_spread.h"
#include "model/choice.h"
#include "model/evidence.h"
#include "model/scaling.h"
#include "model/shape_model.h"
#include "model/statistics.h"
#include "model/table_state.h"
#include "model/thread_use.h"

namespace blastune {
namespace {

using GroupKey = std::tuple<DType, Transpose, Transpose>;

GroupKey group_of(const Gemm& gemm) {
  return {gemm.dtype, gemm.trans_a, gemm.trans_b};
}

// Of an answer whose alternative was not measured.
constexpr double confidence_without_default = 0.5;

struct Group {
  GroupKey key;
  ShapeModel model;
};

bool has_one(const Curve& curve) {
  return !curve.points.empty() && curve.points.front().threads == 1;
}

}  // namespace

struct Advisor::State {
  Build build;
  double tolerance = default_tolerance;
  double burst_variance = believed_burst_variance;
  int default_threads = 1;
  TableState machine;
  std::vector<Curve> curves;  // ascending by gemm
  std::vector<Group> groups;  // ascending by key

  [[nodiscard]] const Curve* find(const Gemm& gemm) const;
  [[nodiscard]] const Group* group_for(const Gemm& gemm) const;
  // Nothing where neither the gemm nor any like it was measured. incumbent: a curve that does not know it
  // gives way to a model that does.
  [[nodiscard]] std::optional<Evidence> evidence(const Gemm& gemm, int incumbent) const;
  [[nodiscard]] ChoiceRule rule(const Evidence& evidence) const;
  [[nodiscard]] Choice choose(const Evidence& evidence, int limit) const;
  [[nodiscard]] double confidence(const Evidence& evidence, int chosen, int limit, double state) const;
  [[nodiscard]] int incumbent(int limit) const { return std::min(default_threads, limit); }
};

const Curve* Advisor::State::find(const Gemm& gemm) const {
  const auto curve = std::ranges::lower_bound(curves, gemm, {}, &Curve::gemm);
  return curve != curves.end() && curve->gemm == gemm ? &*curve : nullptr;
}

// The group of the gemm's own dtype and transposes; else the largest of its dtype, since how the work is
// divided depends on the sizes far more than on the transposes.
const Group* Advisor::State::group_for(const Gemm& gemm) const {
  const Group* best = nullptr;
  for (const auto& group : groups) {
    if (group.key == group_of(gemm)) return &group;
    if (std::get<0>(group.key) != gemm.dtype) continue;
    if (best == nullptr || group.model.size() > best->model.size()) best = &group;
  }
  return best;
}

std::optional<Evidence> Advisor::State::evidence(const Gemm& gemm, int incumbent) const {
  EvidenceSources sources;
  sources.state = &machine;
  sources.burst_variance = burst_variance;
  if (const Group* group = group_for(gemm)) {
    sources.model = &group->model;
    sources.is_borrowed = group->key != group_of(gemm);
  }
  const Curve* curve = find(gemm);
  const auto knows = [incumbent](int most) { return most >= incumbent; };
  if (curve != nullptr && has_one(*curve) &&
      (knows(curve->points.back().threads) || sources.model == nullptr ||
       !knows(sources.model->counts().back()))) {
    sources.curve = curve;
  }
  if (sources.curve == nullptr && sources.model == nullptr) return std::nullopt;
  return Evidence(gemm, sources);
}

ChoiceRule Advisor::State::rule(const Evidence& evidence) const {
  return {default_threads, static_cast<float>(tolerance), static_cast<float>(evidence.shared_variance()),
          static_cast<float>(evidence.apart_variance())};
}

Choice Advisor::State::choose(const Evidence& evidence, int limit) const {
  Choice choice(rule(evidence), limit);
  for (std::size_t i = 0; i < evidence.size() && evidence.threads(i) <= choice.highest(); ++i)
    choice.offer(evidence.at(i));
  return choice;
}

double Advisor::State::confidence(const Evidence& evidence, int chosen, int limit, double state) const {
  const Choice errors(rule(evidence), limit);
  const auto moved = static_cast<float>(state * evidence.loading());
  const auto tolerated = static_cast<float>(std::log1p(tolerance));
  std::optional<Candidate> own;
  for (std::size_t i = 0; i < evidence.size(); ++i)
    if (evidence.threads(i) == chosen) own = evidence.at(i);
  const float own_ratio = own ? own->log_ratio + moved : 0;
  double least = 1;
  const auto compare = [&](float behind, float error) {
    const double deviations =
        static_cast<double>(behind + tolerated) / std::max(1e-9, static_cast<double>(error));
    least = std::min(least, normal_cdf(std::clamp(deviations, -9.0, 9.0)));
  };
  if (own) compare(-own_ratio, errors.error(*own));
  for (std::size_t i = 0; i < evidence.size() && evidence.threads(i) <= limit; ++i) {
    if (evidence.threads(i) == chosen) continue;
    const Candidate other = evidence.at(i);
    if (!own) {
      compare(other.log_ratio + moved, errors.error(other));
    } else {
      const bool is_fewer = other.threads < own->threads;
      compare(other.log_ratio + moved - own_ratio,
              is_fewer ? errors.error_between(other, *own) : errors.error_between(*own, other));
    }
  }
  // As many as are allowed may be more than the last that was measured below.
  if (limit < evidence.most_threads() && evidence.seconds(limit) * (1 + tolerance) < evidence.seconds(chosen))
    least = std::min(least, confidence_without_default);
  return least;
}

Advisor::Advisor(const Table& table) {
  auto state = std::make_unique<State>();
  state->tolerance = table.tolerance;
  state->build = table.build;
  state->default_threads = table.default_threads;
  state->curves = table.curves;
  std::ranges::sort(state->curves, {}, &Curve::gemm);
  state->burst_variance = pooled_burst_variance(state->curves);
  std::vector<const Curve*> all;
  std::map<GroupKey, std::vector<const Curve*>> threaded;
  for (const auto& curve : state->curves) {
    if (runs_on_one_thread(table.build, curve.gemm) || !has_one(curve)) continue;
    all.push_back(&curve);
    threaded[group_of(curve.gemm)].push_back(&curve);
  }
  state->machine = TableState(all, state->burst_variance);
  for (const auto& [key, curves] : threaded) {
    std::vector<float> shifts;
    for (const Curve* curve : curves)
      shifts.push_back(static_cast<float>(state->machine.shift(state->machine.loading(*curve))));
    ShapeModel model(curves, shifts, state->burst_variance);
    if (!model.empty()) state->groups.push_back({key, std::move(model)});
  }
  state_ = std::move(state);
}

Advisor::Advisor(Advisor&&) noexcept = default;
Advisor& Advisor::operator=(Advisor&&) noexcept = default;
Advisor::~Advisor() = default;

Advice Advisor::advise(const Gemm& asked, int limit, double state) const {
  const Gemm gemm = canonical(asked);
  if (limit < 1 || !check_dimensions(gemm)) return {};
  const bool is_shared = !runs_on_one_thread(state_->build, gemm);
  const int incumbent = is_shared ? state_->incumbent(limit) : 1;
  const auto evidence = state_->evidence(gemm, incumbent);
  if (!evidence) return {};
  Advice advice;
  advice.basis = evidence->is_measured() ? Basis::measured : Basis::interpolated;
  if (!is_shared) {
    // The count makes no difference to the library; one thread is what it will use.
    advice.threads = 1;
    advice.expected_seconds = advice.default_seconds = evidence->one_seconds();
    advice.confidence = 1;
    return advice;
  }
  const double moved = std::exp(state * evidence->loading());
  const auto seconds = [&](int count) { return evidence->seconds(count) * (count > 1 ? moved : 1); };
  if (evidence->most_threads() < incumbent) {
    advice.threads = incumbent;
    advice.expected_seconds = seconds(incumbent);
    advice.basis = Basis::interpolated;
    advice.confidence = confidence_without_default;
    advice.stays_with_default = true;
    return advice;
  }
  const Choice choice = state_->choose(*evidence, limit);
  const auto at_least_one = [&](int count) { return std::max(1, count); };
  const auto decided = [&](float margin, const Candidate& several) {
    return static_cast<double>(margin) + state * evidence->loading() > 0 ? 1 : at_least_one(several.threads);
  };
  advice.threads = decided(choice.margin_of_one(), choice.several());
  advice.expected_seconds = seconds(advice.threads);
  advice.default_seconds = seconds(incumbent);
  advice.confidence = state_->confidence(*evidence, advice.threads, limit, state);
  const int otherwise = evidence->is_measured() && state == 0
                            ? best_threads(*state_->find(gemm), limit, state_->tolerance)
                            : decided(choice.expected_margin_of_one(), choice.expected_best());
  const bool is_incumbent = advice.threads == 1 ? incumbent == 1 : advice.threads >= choice.several().threads;
  advice.stays_with_default = is_incumbent && otherwise != advice.threads;
  return advice;
}

Alternatives Advisor::alternatives(const Gemm& asked, int limit) const {
  const Gemm gemm = canonical(asked);
  if (limit < 2 || !check_dimensions(gemm) || runs_on_one_thread(state_->build, gemm)) return {};
  const int incumbent = state_->incumbent(limit);
  const auto evidence = state_->evidence(gemm, incumbent);
  if (!evidence || evidence->most_threads() < incumbent) return {};
  const Choice choice = state_->choose(*evidence, limit);
  const Candidate& several = choice.several();
  if (several.threads == 0) return {};
  Alternatives found;
  found.several = several.threads;
  found.one_seconds = evidence->one_seconds();
  found.several_seconds = found.one_seconds * std::exp(static_cast<double>(several.log_ratio));
  found.handicap = static_cast<double>(several.log_ratio - choice.margin_of_one());
  found.loading = evidence->loading();
  found.error = static_cast<double>(choice.error(several));
  return found;
}

int Advisor::threads(const Gemm& asked, int limit, double state) const {
  const Gemm gemm = canonical(asked);
  if (limit < 1 || !check_dimensions(gemm)) return 0;
  const bool is_shared = !runs_on_one_thread(state_->build, gemm);
  const int incumbent = is_shared ? state_->incumbent(limit) : 1;
  if (!is_shared || limit == 1)
    return state_->find(gemm) != nullptr || state_->group_for(gemm) != nullptr ? 1 : 0;
  const auto evidence = state_->evidence(gemm, incumbent);
  if (!evidence) return 0;
  if (evidence->most_threads() < incumbent) return incumbent;
  const Choice choice = state_->choose(*evidence, limit);
  const bool is_one = static_cast<double>(choice.margin_of_one()) + state * evidence->loading() > 0;
  return is_one ? 1 : std::max(1, choice.several().threads);
}

ExpectedTime Advisor::expected(const Gemm& asked, int threads) const {
  const Gemm gemm = canonical(asked);
  if (threads < 1 || !check_dimensions(gemm)) return {};
  const int used = runs_on_one_thread(state_->build, gemm) ? 1 : threads;
  const auto evidence = state_->evidence(gemm, used);
  if (!evidence || evidence->most_threads() < used) return {};
  const bool is_measured = evidence->is_measured() && state_->find(gemm)->find(threads) != nullptr;
  return {evidence->seconds(used), is_measured ? Basis::measured : Basis::interpolated};
}

std::size_t Advisor::curve_count() const {
  return state_->curves.size();
}

}  // namespace blastune
