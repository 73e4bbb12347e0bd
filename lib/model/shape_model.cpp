// SPDX-License-Identifier: BSD-3-Clause
#include "model/shape_model.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "model/burst_spread.h"

namespace blastune {
namespace {

// Figures chosen by leave-one-out regret on measured two-core curves (docs/adr/0004-interpolation.md).
constexpr std::size_t neighbours = 8;
constexpr double model_variance = 0.1 * 0.1;  // of a log ratio around trend and neighbours, between shapes
constexpr double bandwidth = 0.8;             // of the neighbours' weight, in octaves
constexpr double negligible_exponent = 25;
constexpr double least_call_seconds = 5e-8;    // of a library's function, whatever it has to do
constexpr double prior_weight = 0.2;           // of "the trend is right here", in neighbours at no distance
constexpr double filled_variance = 0.1 * 0.1;  // added where a count was not measured on a curve
// Ridge on standardised features: the constant is free, slopes nearly so, curvature must earn its place.
constexpr std::array<double, shape_features> ridge{1e-6, 0.1, 0.1, 0.1, 1,   1,   1,  1,
                                                   1,    1,   0.2, 0.2, 0.2, 0.2, 0.1};

Point3 log_sizes(const Gemm& gemm) {
  return {std::log2(static_cast<float>(gemm.m)), std::log2(static_cast<float>(gemm.n)),
          std::log2(static_cast<float>(gemm.k))};
}

// Up to this many rows or columns a multiply reads its operands as fast as memory gives them, and a second
// thread reads for two; a few more, and it computes as if there were none to share.
constexpr std::int64_t thin = 4;
// Below a cache line of rows or columns OpenBLAS leaves that side undivided (twice SWITCH_RATIO in its
// param.h, for Haswell and Zen).
constexpr std::int64_t cache_line_bytes = 64;
// Logarithms centred and scaled so that the sizes programs use, 4 to 4096, fall within -1 to 1.
constexpr float octaves = 5;
constexpr float middle = 7;

std::int64_t elements_of_line(DType dtype) {
  return cache_line_bytes / static_cast<std::int64_t>(element_size(dtype));
}

std::array<float, common_features> features_of(const Point3& point, const Gemm& gemm) {
  const float a = (point[0] - middle) / octaves;
  const float b = (point[1] - middle) / octaves;
  const float c = (point[2] - middle) / octaves;
  const auto line = elements_of_line(gemm.dtype);
  const auto step = [](bool below) { return below ? 1.0F : 0.0F; };
  return {1,
          a,
          b,
          c,
          a * a,
          b * b,
          c * c,
          a * b,
          a * c,
          b * c,
          step(gemm.m <= thin),
          step(gemm.n <= thin),
          step(gemm.m < line),
          step(gemm.n < line)};
}

// By how much the smaller side of C falls short of a cache line for each thread: with fewer, threads write to
// each other's lines and compute in kernels made for more.
float narrowness(const Point3& point, float log_lines) {
  return std::max(0.0F, log_lines - std::min(point[0], point[1])) / octaves;
}

// ln(time) at a count between measured ones: linear in ln(count); beyond the last, the last.
double interpolated_log_time(const Curve& curve, int threads) {
  const auto above = std::ranges::lower_bound(curve.points, threads, {}, &CurvePoint::threads);
  if (above == curve.points.end()) return std::log(curve.points.back().seconds.mean());
  if (above->threads == threads || above == curve.points.begin()) return std::log(above->seconds.mean());
  const auto& below = *std::prev(above);
  const double share = std::log(static_cast<double>(threads) / below.threads) /
                       std::log(static_cast<double>(above->threads) / below.threads);
  return std::lerp(std::log(below.seconds.mean()), std::log(above->seconds.mean()), share);
}

using Row = std::array<double, shape_features>;

// Solves A x = b in place, A symmetric and positive definite, its lower half given (Cholesky).
void solve_in_place(std::array<Row, shape_features> a, Row& x) {
  for (std::size_t j = 0; j < shape_features; ++j) {
    for (std::size_t i = j; i < shape_features; ++i) {
      double sum = a[i][j];
      for (std::size_t p = 0; p < j; ++p) sum -= a[i][p] * a[j][p];
      a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
    }
  }
  for (std::size_t i = 0; i < shape_features; ++i) {
    for (std::size_t p = 0; p < i; ++p) x[i] -= a[i][p] * x[p];
    x[i] /= a[i][i];
  }
  for (std::size_t i = shape_features; i-- > 0;) {
    for (std::size_t p = i + 1; p < shape_features; ++p) x[i] -= a[p][i] * x[p];
    x[i] /= a[i][i];
  }
}

}  // namespace

ShapeModel::ShapeModel(std::span<const Curve* const> curves, std::span<const float> shifts,
                       double burst_variance) {
  std::set<int> all_counts;
  std::vector<const Curve*> used;
  std::vector<float> used_shifts;
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const Curve* curve = curves[i];
    if (curve->find(1) == nullptr) continue;
    used.push_back(curve);
    used_shifts.push_back(shifts[i]);
    for (const auto& point : curve->points) all_counts.insert(point.threads);
  }
  if (used.empty()) return;
  counts_.assign(all_counts.begin(), all_counts.end());
  if (counts_.size() > max_modelled_counts) counts_.resize(max_modelled_counts);
  const auto line = elements_of_line(used.front()->gemm.dtype);
  for (const int count : counts_) {
    log_lines_.push_back(std::log2(static_cast<float>(count * line)));
    log_most_gain_.push_back(-std::log(static_cast<float>(count)));
  }

  curves_ = used.size();
  std::vector<Point3> points;
  std::vector<Features> features;
  points.reserve(curves_);
  features.reserve(curves_);
  residuals_.reserve(curves_ * width());
  weights_.reserve(curves_);
  low_ = high_ = log_sizes(used.front()->gemm);
  for (std::size_t i = 0; i < used.size(); ++i) {
    const Curve* curve = used[i];
    const Point3 point = log_sizes(curve->gemm);
    for (std::size_t axis = 0; axis < point.size(); ++axis) {
      low_[axis] = std::min(low_[axis], point[axis]);
      high_[axis] = std::max(high_[axis], point[axis]);
    }
    points.push_back(point);
    features.push_back(features_of(point, curve->gemm));
    const double log_one = std::log(curve->find(1)->seconds.mean());
    residuals_.push_back(static_cast<float>(log_one - std::log(flops(curve->gemm))));
    double variance = relative_variance(curve->find(1)->seconds, burst_variance);
    double worst = 0;
    for (std::size_t c = 1; c < counts_.size(); ++c) {
      residuals_.push_back(static_cast<float>(interpolated_log_time(*curve, counts_[c]) - log_one) +
                           used_shifts[i]);
      const CurvePoint* measured = curve->find(counts_[c]);
      worst = std::max(worst, measured != nullptr ? relative_variance(measured->seconds, burst_variance)
                                                  : filled_variance);
    }
    variance += worst;
    weights_.push_back(static_cast<float>(1 / (model_variance + variance)));
  }
  nearest_ = NearestPoints(points);
  fit(points, features);
}

// Weighted ridge regression, column by column, then the columns become residuals.
void ShapeModel::fit(std::span<const Point3> points, std::span<const Features> features) {
  const double unit = model_variance;  // weights relative to a curve measured without error
  // What all columns share.
  std::array<Row, shape_features> common{};
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double weight = static_cast<double>(weights_[i]) * unit;
    for (std::size_t f = 0; f < common_features; ++f) {
      const double weighted = weight * static_cast<double>(features[i][f]);
      for (std::size_t g = 0; g <= f; ++g) common[f][g] += weighted * static_cast<double>(features[i][g]);
    }
  }
  for (std::size_t f = 0; f < shape_features; ++f) common[f][f] += ridge[f];

  trend_.resize(shape_features * width());
  for (std::size_t c = 0; c < width(); ++c) {
    auto normal = common;
    auto& own = normal[common_features];
    Row trend{};
    for (std::size_t i = 0; i < features.size(); ++i) {
      const double weight = static_cast<double>(weights_[i]) * unit;
      const double value = weight * static_cast<double>(residuals_[i * width() + c]);
      const auto narrow = static_cast<double>(narrowness(points[i], log_lines_[c]));
      for (std::size_t f = 0; f < common_features; ++f) {
        trend[f] += value * static_cast<double>(features[i][f]);
        own[f] += weight * narrow * static_cast<double>(features[i][f]);
      }
      trend[common_features] += value * narrow;
      own[common_features] += weight * narrow * narrow;
    }
    solve_in_place(normal, trend);
    for (std::size_t f = 0; f < shape_features; ++f) trend_[f * width() + c] = static_cast<float>(trend[f]);
  }
  Columns columns{};
  for (std::size_t i = 0; i < features.size(); ++i) {
    evaluate_trend(points[i], features[i], columns);
    for (std::size_t c = 0; c < width(); ++c) residuals_[i * width() + c] -= columns[c];
  }
}

// In the place of what the columns hold.
void ShapeModel::evaluate_trend(const Point3& point, const Features& features, Columns& columns) const {
  const float* narrow = &trend_[common_features * width()];
  for (std::size_t c = 0; c < width(); ++c) columns[c] = narrow[c] * narrowness(point, log_lines_[c]);
  for (std::size_t f = 0; f < common_features; ++f) {
    const float* row = &trend_[f * width()];
    for (std::size_t c = 0; c < width(); ++c) columns[c] += features[f] * row[c];
  }
}

Point3 ShapeModel::clamp_to_measured(Point3 point) const {
  for (std::size_t axis = 0; axis < point.size(); ++axis) {
    point[axis] = std::clamp(point[axis], low_[axis], high_[axis]);
  }
  return point;
}

ShapePrediction ShapeModel::predict(const Gemm& gemm) const {
  ShapePrediction prediction;
  if (empty()) return prediction;
  const Point3 asked = log_sizes(gemm);
  const Point3 point = clamp_to_measured(asked);
  const Features features = features_of(point, gemm);

  Columns columns{};
  evaluate_trend(point, features, columns);

  std::array<Neighbour, neighbours> nearest;
  const std::size_t found = nearest_.find(point, nearest);
  std::array<float, neighbours> weight{};
  double total = prior_weight / model_variance;
  for (std::size_t i = 0; i < found; ++i) {
    const double exponent = static_cast<double>(nearest[i].squared_distance) / (2 * bandwidth * bandwidth);
    // The closest come first. Programs may trap underflow, and so far away nobody has anything to say.
    if (exponent > negligible_exponent) break;
    const double near = std::exp(-exponent) * static_cast<double>(weights_[nearest[i].index]);
    weight[i] = static_cast<float>(near);
    total += near;
  }
  for (std::size_t i = 0; i < found && weight[i] > 0; ++i) {
    const auto share = static_cast<float>(static_cast<double>(weight[i]) / total);
    const float* row = &residuals_[nearest[i].index * width()];
    for (std::size_t c = 0; c < width(); ++c) columns[c] += share * row[c];
  }

  prediction.counts = width();
  prediction.seconds_with_one =
      std::max(least_call_seconds, std::exp(static_cast<double>(columns[0])) * flops(gemm));
  for (std::size_t c = 1; c < width(); ++c) prediction.log_ratio[c] = std::max(columns[c], log_most_gain_[c]);
  // The model's own scatter, that of a trend of few curves, what the neighbours leave unknown, and a tenth
  // for every octave outside.
  double outside = 0;
  for (std::size_t axis = 0; axis < point.size(); ++axis) {
    outside += static_cast<double>(std::abs(asked[axis] - point[axis]));
  }
  const double of_trend = model_variance * static_cast<double>(shape_features) / static_cast<double>(curves_);
  prediction.log_error = std::sqrt(model_variance + of_trend + 1 / total) + 0.1 * outside;
  return prediction;
}

}  // namespace blastune
