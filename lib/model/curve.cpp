// SPDX-License-Identifier: BSD-3-Clause
#include "model/curve.h"

#include <algorithm>
#include <cmath>

namespace blastune {

Moments Moments::from_summary(std::int64_t count, double mean, double standard_deviation) {
  Moments moments;
  moments.count_ = count;
  moments.mean_ = mean;
  if (count > 1) moments.squares_ = standard_deviation * standard_deviation * static_cast<double>(count - 1);
  return moments;
}

void Moments::add(double value) {
  ++count_;
  const double delta = value - mean_;
  mean_ += delta / static_cast<double>(count_);
  squares_ += delta * (value - mean_);
}

void Moments::merge(const Moments& other) {
  if (other.count_ == 0) return;
  if (count_ == 0) {
    *this = other;
    return;
  }
  const auto a = static_cast<double>(count_);
  const auto b = static_cast<double>(other.count_);
  const double delta = other.mean_ - mean_;
  mean_ += delta * b / (a + b);
  squares_ += other.squares_ + delta * delta * a * b / (a + b);
  count_ += other.count_;
}

double Moments::variance() const {
  return count_ < 2 ? 0 : squares_ / static_cast<double>(count_ - 1);
}

double Moments::standard_deviation() const {
  return std::sqrt(variance());
}

double Moments::standard_error() const {
  return count_ < 2 ? 0 : std::sqrt(variance() / static_cast<double>(count_));
}

Moments scaled(const Moments& moments, double factor) {
  return Moments::from_summary(moments.count(), moments.mean() * factor,
                               moments.standard_deviation() * factor);
}

namespace {

// The gains of a curve; what one occasion has is told by its points.
Moments gains_of(const Curve& curve) {
  if (curve.gains.count() > 0 || curve.points.size() < 2 || curve.points.front().threads != 1)
    return curve.gains;
  Moments one;
  one.add(std::log(curve.points.back().seconds.mean() / curve.points.front().seconds.mean()));
  return one;
}

// The mean of both; the spread is that within them.
Moments joined(const Moments& one, const Moments& other) {
  Moments both = one;
  both.merge(other);
  if (one.count() == 0 || other.count() == 0 || both.count() < 3) return both;
  const auto degrees = static_cast<double>(both.count() - 2);
  const double variance = (one.variance() * static_cast<double>(one.count() - 1) +
                           other.variance() * static_cast<double>(other.count() - 1)) /
                          degrees;
  return Moments::from_summary(both.count(), both.mean(), std::sqrt(variance));
}

}  // namespace

const CurvePoint* Curve::find(int threads) const {
  const auto point = std::ranges::lower_bound(points, threads, {}, &CurvePoint::threads);
  return point != points.end() && point->threads == threads ? &*point : nullptr;
}

CurvePoint& Curve::at(int threads) {
  const auto point = std::ranges::lower_bound(points, threads, {}, &CurvePoint::threads);
  if (point != points.end() && point->threads == threads) return *point;
  return *points.insert(point, CurvePoint{threads, {}});
}

std::int64_t Curve::occasions() const {
  return std::max<std::int64_t>(1, gains.count());
}

void Curve::merge(const Curve& other) {
  // The occasion of one of them is among those of the other.
  if (other.gains.count() > gains.count()) gains = other.gains;
  for (const auto& point : other.points) at(point.threads).seconds.merge(point.seconds);
  disturbed += other.disturbed;
}

void Curve::merge_later(const Curve& later) {
  constexpr double prior_bursts = 1;  // that say that the level is the same
  if (points.empty()) {
    gains = later.gains;
  } else if (!later.points.empty()) {
    gains = gains_of(*this);
    gains.merge(gains_of(later));
  }
  double sum = 0;
  double weights = prior_bursts;
  for (const auto& point : points) {
    const CurvePoint* again = later.find(point.threads);
    if (again == nullptr) continue;
    const auto before = static_cast<double>(point.seconds.count());
    const auto after = static_cast<double>(again->seconds.count());
    const double weight = before * after / (before + after);
    sum += weight * std::log(again->seconds.mean() / point.seconds.mean());
    weights += weight;
  }
  const double level = std::exp(sum / weights);
  for (auto& point : points) point.seconds = scaled(point.seconds, level);
  for (const auto& point : later.points) {
    Moments& here = at(point.threads).seconds;
    here = joined(here, point.seconds);
  }
  disturbed += later.disturbed;
}

double tolerated_loss(int fewer, int more, double tolerance) {
  if (fewer >= more) return 0;
  const double twice_left = 2 * (1 - static_cast<double>(fewer) / more);
  return tolerance * std::min(1.0, twice_left * twice_left);
}

int best_threads(const Curve& curve, int limit, double tolerance) {
  const CurvePoint* chosen = nullptr;
  for (const auto& point : curve.points) {
    if (point.threads > limit) break;
    if (chosen == nullptr ||
        chosen->seconds.mean() >
            point.seconds.mean() * (1 + tolerated_loss(chosen->threads, point.threads, tolerance)))
      chosen = &point;
  }
  return chosen == nullptr ? 0 : chosen->threads;
}

}  // namespace blastune
