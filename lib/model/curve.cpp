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

const CurvePoint* Curve::find(int threads) const {
  const auto point = std::ranges::lower_bound(points, threads, {}, &CurvePoint::threads);
  return point != points.end() && point->threads == threads ? &*point : nullptr;
}

CurvePoint& Curve::at(int threads) {
  const auto point = std::ranges::lower_bound(points, threads, {}, &CurvePoint::threads);
  if (point != points.end() && point->threads == threads) return *point;
  return *points.insert(point, CurvePoint{threads, {}});
}

void Curve::merge(const Curve& other) {
  for (const auto& point : other.points) at(point.threads).seconds.merge(point.seconds);
  disturbed += other.disturbed;
}

int best_threads(const Curve& curve, int limit, double tolerance) {
  double best = 0;
  for (const auto& point : curve.points) {
    if (point.threads > limit) break;
    if (best == 0 || point.seconds.mean() < best) best = point.seconds.mean();
  }
  for (const auto& point : curve.points) {
    if (point.threads > limit) break;
    if (point.seconds.mean() <= best * (1 + tolerance)) return point.threads;
  }
  return 0;
}

}  // namespace blastune
