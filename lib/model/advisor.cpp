// SPDX-License-Identifier: BSD-3-Clause
#include "model/advisor.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "model/shape_model.h"
#include "model/statistics.h"
#include "model/thread_use.h"

namespace blastune {
namespace {

using GroupKey = std::tuple<DType, Transpose, Transpose>;

GroupKey group_of(const Gemm& gemm) {
  return {gemm.dtype, gemm.trans_a, gemm.trans_b};
}

// Of an answer that compares everything but what the library would do by itself.
constexpr double confidence_without_default = 0.5;
// Of one where the limit lies between measured counts, and what lies around it says that it would be faster.
constexpr double confidence_between_counts = 0.5;

struct Group {
  GroupKey key;
  ShapeModel model;
};

// Time at a count that may lie between measured ones.
double curve_seconds(const Curve& curve, int threads) {
  if (const CurvePoint* point = curve.find(threads)) return point->seconds.mean();
  const auto above = std::ranges::lower_bound(curve.points, threads, {}, &CurvePoint::threads);
  if (above == curve.points.end()) return curve.points.back().seconds.mean();
  if (above == curve.points.begin()) return above->seconds.mean();
  const auto& below = *std::prev(above);
  const double share = static_cast<double>(threads - below.threads) / (above->threads - below.threads);
  return std::lerp(below.seconds.mean(), above->seconds.mean(), share);
}

double prediction_seconds(const ShapePrediction& prediction, std::span<const int> counts, int threads) {
  const auto found = std::ranges::lower_bound(counts, threads);
  const auto above =
      found == counts.end() ? counts.size() - 1 : static_cast<std::size_t>(found - counts.begin());
  auto log_ratio = static_cast<double>(prediction.log_ratio[above]);
  if (counts[above] > threads && above > 0) {
    const int below = counts[above - 1];
    const double share = static_cast<double>(threads - below) / (counts[above] - below);
    log_ratio = std::lerp(static_cast<double>(prediction.log_ratio[above - 1]), log_ratio, share);
  }
  return prediction.seconds_with_one * std::exp(log_ratio);
}

}  // namespace

struct Advisor::State {
  double tolerance = default_tolerance;
  float log_tolerance = 0;
  Build build;
  int default_threads = 1;
  std::vector<Curve> curves;  // ascending by gemm
  std::vector<Group> groups;  // ascending by key

  [[nodiscard]] const Curve* find(const Gemm& gemm) const;
  [[nodiscard]] const Group* group_for(const Gemm& gemm) const;
  [[nodiscard]] Advice from_curve(const Curve& curve, int limit) const;
  [[nodiscard]] Advice from_model(const Group& group, const Gemm& gemm, int limit) const;
  // The place of the chosen count among the model's; nothing when all are above the limit.
  [[nodiscard]] std::optional<std::size_t> choose(const ShapePrediction& prediction,
                                                  std::span<const int> counts, int limit) const;
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

Advice Advisor::State::from_curve(const Curve& curve, int limit) const {
  const int threads = best_threads(curve, limit, tolerance);
  if (threads == 0) return {};
  const CurvePoint& chosen = *curve.find(threads);
  Advice advice;
  advice.threads = threads;
  advice.expected_seconds = chosen.seconds.mean();
  const int unadvised = std::min(default_threads, limit);
  const bool default_is_known = curve.points.back().threads >= unadvised;
  advice.default_seconds = default_is_known ? curve_seconds(curve, unadvised) : 0;
  advice.basis = Basis::measured;
  advice.confidence = default_is_known ? 1 : confidence_without_default;
  const Moments acceptable = scaled(chosen.seconds, 1 / (1 + tolerance));
  for (const auto& point : curve.points) {
    if (point.threads > limit || point.threads == threads) continue;
    advice.confidence = std::min(advice.confidence, probability_less(acceptable, point.seconds));
  }
  // As many as are allowed may be more than the last that was measured below.
  if (curve_seconds(curve, limit) < acceptable.mean())
    advice.confidence = std::min(advice.confidence, confidence_between_counts);
  return advice;
}

std::optional<std::size_t> Advisor::State::choose(const ShapePrediction& prediction,
                                                  std::span<const int> counts, int limit) const {
  const auto allowed = static_cast<std::size_t>(std::ranges::upper_bound(counts, limit) - counts.begin());
  if (allowed == 0) return std::nullopt;
  std::size_t chosen = 0;
  for (std::size_t i = 1; i < allowed; ++i) {
    const float behind = prediction.log_ratio[chosen] - prediction.log_ratio[i];
    if (behind <= 0) continue;
    // The exact bound costs a logarithm, so first the loose one.
    if (behind > log_tolerance ||
        behind > static_cast<float>(std::log1p(tolerated_loss(counts[chosen], counts[i], tolerance))))
      chosen = i;
  }
  return chosen;
}

Advice Advisor::State::from_model(const Group& group, const Gemm& gemm, int limit) const {
  const ShapePrediction prediction = group.model.predict(gemm);
  const auto counts = group.model.counts();
  const auto place = choose(prediction, counts, limit);
  if (!place) return {};
  const std::size_t chosen = *place;
  Advice advice;
  advice.threads = counts[chosen];
  advice.expected_seconds = prediction_seconds(prediction, counts, advice.threads);
  const int unadvised = std::min(default_threads, limit);
  const bool default_is_known = counts.back() >= unadvised;
  advice.default_seconds = default_is_known ? prediction_seconds(prediction, counts, unadvised) : 0;
  advice.basis = Basis::interpolated;
  advice.confidence = default_is_known ? 1 : confidence_without_default;
  const bool own_group = group.key == group_of(gemm);
  const double error = own_group ? prediction.log_error : 2 * prediction.log_error;
  for (std::size_t i = 0; i < counts.size() && counts[i] <= limit; ++i) {
    if (i == chosen) continue;
    const auto behind =
        static_cast<double>(prediction.log_ratio[i] - prediction.log_ratio[chosen] + log_tolerance);
    advice.confidence = std::min(advice.confidence, normal_cdf(behind / error));
  }
  if (prediction_seconds(prediction, counts, limit) * (1 + tolerance) < advice.expected_seconds)
    advice.confidence = std::min(advice.confidence, confidence_between_counts);
  return advice;
}

Advisor::Advisor(const Table& table) {
  auto state = std::make_unique<State>();
  state->tolerance = table.tolerance;
  state->log_tolerance = static_cast<float>(std::log1p(table.tolerance));
  state->build = table.build;
  state->default_threads = table.default_threads;
  state->curves = table.curves;
  std::ranges::sort(state->curves, {}, &Curve::gemm);
  std::map<GroupKey, std::vector<const Curve*>> threaded;
  for (const auto& curve : state->curves) {
    if (!runs_on_one_thread(table.build, curve.gemm)) threaded[group_of(curve.gemm)].push_back(&curve);
  }
  for (const auto& [key, curves] : threaded) {
    ShapeModel model(curves);
    if (!model.empty()) state->groups.push_back({key, std::move(model)});
  }
  state_ = std::move(state);
}

Advisor::Advisor(Advisor&&) noexcept = default;
Advisor& Advisor::operator=(Advisor&&) noexcept = default;
Advisor::~Advisor() = default;

Advice Advisor::advise(const Gemm& asked, int limit, double /*state*/) const {
  const Gemm gemm = canonical(asked);
  if (limit < 1 || !check_dimensions(gemm)) return {};
  if (const Curve* curve = state_->find(gemm)) {
    const Advice advice = state_->from_curve(*curve, limit);
    if (advice.threads > 0) return advice;
  }
  const Group* group = state_->group_for(gemm);
  if (group == nullptr) return {};
  if (runs_on_one_thread(state_->build, gemm)) {
    // The count makes no difference to the library; one thread is what it will use.
    Advice advice = state_->from_model(*group, gemm, 1);
    advice.default_seconds = advice.expected_seconds;
    return advice;
  }
  return state_->from_model(*group, gemm, limit);
}

int Advisor::threads(const Gemm& asked, int limit) const {
  const Gemm gemm = canonical(asked);
  if (limit < 1 || !check_dimensions(gemm)) return 0;
  if (const Curve* curve = state_->find(gemm)) {
    const int best = best_threads(*curve, limit, state_->tolerance);
    if (best > 0) return best;
  }
  const Group* group = state_->group_for(gemm);
  if (group == nullptr) return 0;
  const int usable = runs_on_one_thread(state_->build, gemm) ? 1 : limit;
  const auto place = state_->choose(group->model.predict(gemm), group->model.counts(), usable);
  return place ? group->model.counts()[*place] : 0;
}

ExpectedTime Advisor::expected(const Gemm& asked, int threads) const {
  const Gemm gemm = canonical(asked);
  if (threads < 1 || !check_dimensions(gemm)) return {};
  const Curve* curve = state_->find(gemm);
  if (curve != nullptr && curve->points.front().threads <= threads &&
      threads <= curve->points.back().threads) {
    return {curve_seconds(*curve, threads),
            curve->find(threads) != nullptr ? Basis::measured : Basis::interpolated};
  }
  const Group* group = state_->group_for(gemm);
  if (group == nullptr) return {};
  const int used = runs_on_one_thread(state_->build, gemm) ? 1 : threads;
  if (used > group->model.counts().back()) return {};
  return {prediction_seconds(group->model.predict(gemm), group->model.counts(), used), Basis::interpolated};
}

Rival Advisor::rival(const Gemm& asked, int threads, int limit) const {
  const Gemm gemm = canonical(asked);
  if (threads < 1 || !check_dimensions(gemm)) return {};
  Rival best;
  const auto consider = [&](int count, double seconds) {
    const bool is_apart = 2 * count <= threads || count >= 2 * threads;
    if (is_apart && count <= limit && (best.threads == 0 || seconds < best.seconds)) best = {count, seconds};
  };
  if (const Curve* curve = state_->find(gemm)) {
    for (const CurvePoint& point : curve->points) consider(point.threads, point.seconds.mean());
    return best;
  }
  const Group* group = state_->group_for(gemm);
  if (group == nullptr || runs_on_one_thread(state_->build, gemm)) return {};
  const ShapePrediction prediction = group->model.predict(gemm);
  const auto counts = group->model.counts();
  for (const int count : counts) consider(count, prediction_seconds(prediction, counts, count));
  return best;
}

Alternatives Advisor::alternatives(const Gemm& gemm, int limit) const {
  Alternatives found;
  if (limit < 2) return found;
  const int best = threads(gemm, limit);
  if (best == 0) return found;
  found.several = best;
  if (best == 1) {
    found.several = rival(gemm, 1, limit).threads;
    if (found.several == 0) return found;
  }
  found.several_seconds = expected(gemm, found.several).seconds;
  found.one_seconds = expected(gemm, 1).seconds;
  found.handicap = -0.02;
  found.error = 0.1;
  return found;
}

std::size_t Advisor::curve_count() const {
  return state_->curves.size();
}

}  // namespace blastune
