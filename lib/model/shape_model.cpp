// SPDX-License-Identifier: BSD-3-Clause
#include "model/shape_model.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace blastune {
namespace {

// Figures chosen by leave-one-out regret on measured two-core curves (docs/adr/0004-interpolation.md).
constexpr std::size_t neighbours = 8;
constexpr double model_variance = 0.1 * 0.1;  // of a log ratio around trend and neighbours, between shapes
constexpr double burst_variance = 0.2 * 0.2;  // of one burst, believed until bursts say otherwise
constexpr double burst_variance_weight = 3;   // how many bursts that belief is worth
constexpr double bandwidth = 0.8;             // of the neighbours' weight, in octaves
constexpr double negligible_exponent = 25;
constexpr double prior_weight = 0.2;           // of "the trend is right here", in neighbours at no distance
constexpr double filled_variance = 0.1 * 0.1;  // added where a count was not measured on a curve
// Ridge on standardised features: the constant is free, slopes nearly so, curvature must earn its place.
constexpr std::array<double, shape_features> ridge{1e-6, 0.1, 0.1, 0.1, 1, 1, 1, 1, 1, 1, 0.2, 0.2, 0.2, 0.2};

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

std::array<float, shape_features> features_of(const Point3& point, const Gemm& gemm) {
  // Centred and scaled so that the sizes programs use, 4 to 4096, fall within -1 to 1.
  const float a = (point[0] - 7) / 5;
  const float b = (point[1] - 7) / 5;
  const float c = (point[2] - 7) / 5;
  const auto line = cache_line_bytes / static_cast<std::int64_t>(element_size(gemm.dtype));
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

double relative_variance(const Moments& moments) {
  const auto bursts = static_cast<double>(moments.count());
  const double relative = moments.standard_deviation() / moments.mean();
  const double one_burst = (relative * relative * (bursts - 1) + burst_variance * burst_variance_weight) /
                           (bursts - 1 + burst_variance_weight);
  return one_burst / bursts;
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

// Solves A x = b for each right-hand side in place, A symmetric and positive definite (Cholesky).
void solve_in_place(std::array<std::array<double, shape_features>, shape_features>& a,
                    std::vector<std::array<double, shape_features>>& right_sides) {
  for (std::size_t j = 0; j < shape_features; ++j) {
    for (std::size_t i = j; i < shape_features; ++i) {
      double sum = a[i][j];
      for (std::size_t p = 0; p < j; ++p) sum -= a[i][p] * a[j][p];
      a[i][j] = i == j ? std::sqrt(sum) : sum / a[j][j];
    }
  }
  for (auto& x : right_sides) {
    for (std::size_t i = 0; i < shape_features; ++i) {
      for (std::size_t p = 0; p < i; ++p) x[i] -= a[i][p] * x[p];
      x[i] /= a[i][i];
    }
    for (std::size_t i = shape_features; i-- > 0;) {
      for (std::size_t p = i + 1; p < shape_features; ++p) x[i] -= a[p][i] * x[p];
      x[i] /= a[i][i];
    }
  }
}

}  // namespace

ShapeModel::ShapeModel(std::span<const Curve* const> curves) {
  std::set<int> all_counts;
  std::vector<const Curve*> used;
  for (const Curve* curve : curves) {
    if (curve->find(1) == nullptr) continue;
    used.push_back(curve);
    for (const auto& point : curve->points) all_counts.insert(point.threads);
  }
  if (used.empty()) return;
  counts_.assign(all_counts.begin(), all_counts.end());
  if (counts_.size() > max_modelled_counts) counts_.resize(max_modelled_counts);

  curves_ = used.size();
  std::vector<Point3> points;
  std::vector<Features> features;
  points.reserve(curves_);
  features.reserve(curves_);
  residuals_.reserve(curves_ * width());
  weights_.reserve(curves_);
  low_ = high_ = log_sizes(used.front()->gemm);
  for (const Curve* curve : used) {
    const Point3 point = log_sizes(curve->gemm);
    for (std::size_t axis = 0; axis < point.size(); ++axis) {
      low_[axis] = std::min(low_[axis], point[axis]);
      high_[axis] = std::max(high_[axis], point[axis]);
    }
    points.push_back(point);
    features.push_back(features_of(point, curve->gemm));
    const double log_one = std::log(curve->find(1)->seconds.mean());
    residuals_.push_back(static_cast<float>(log_one - std::log(flops(curve->gemm))));
    double variance = relative_variance(curve->find(1)->seconds);
    double worst = 0;
    for (std::size_t c = 1; c < counts_.size(); ++c) {
      residuals_.push_back(static_cast<float>(interpolated_log_time(*curve, counts_[c]) - log_one));
      const CurvePoint* measured = curve->find(counts_[c]);
      worst = std::max(worst, measured != nullptr ? relative_variance(measured->seconds) : filled_variance);
    }
    variance += worst;
    weights_.push_back(static_cast<float>(1 / (model_variance + variance)));
  }
  nearest_ = NearestPoints(points);
  fit(features);
}

// Weighted ridge regression of every column at once, then the columns become residuals.
void ShapeModel::fit(std::span<const Features> features) {
  std::array<std::array<double, shape_features>, shape_features> normal{};
  std::vector<std::array<double, shape_features>> right_sides(width());
  const double unit = model_variance;  // weights relative to a curve measured without error
  for (std::size_t i = 0; i < features.size(); ++i) {
    const double weight = static_cast<double>(weights_[i]) * unit;
    for (std::size_t f = 0; f < shape_features; ++f) {
      const double weighted = weight * static_cast<double>(features[i][f]);
      for (std::size_t g = 0; g <= f; ++g) normal[f][g] += weighted * static_cast<double>(features[i][g]);
      for (std::size_t c = 0; c < width(); ++c) {
        right_sides[c][f] += weighted * static_cast<double>(residuals_[i * width() + c]);
      }
    }
  }
  for (std::size_t f = 0; f < shape_features; ++f) normal[f][f] += ridge[f];
  solve_in_place(normal, right_sides);
  trend_.resize(shape_features * width());
  for (std::size_t f = 0; f < shape_features; ++f) {
    for (std::size_t c = 0; c < width(); ++c) trend_[f * width() + c] = static_cast<float>(right_sides[c][f]);
  }
  for (std::size_t i = 0; i < features.size(); ++i) {
    for (std::size_t f = 0; f < shape_features; ++f) {
      for (std::size_t c = 0; c < width(); ++c)
        residuals_[i * width() + c] -= features[i][f] * trend_[f * width() + c];
    }
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

  std::array<float, max_modelled_counts> columns{};
  for (std::size_t f = 0; f < shape_features; ++f) {
    const float* row = &trend_[f * width()];
    for (std::size_t c = 0; c < width(); ++c) columns[c] += features[f] * row[c];
  }

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
  prediction.seconds_with_one = std::exp(static_cast<double>(columns[0])) * flops(gemm);
  for (std::size_t c = 1; c < width(); ++c) prediction.log_ratio[c] = columns[c];
  // The model's own scatter, what the neighbours leave unknown, and a tenth for every octave outside.
  double outside = 0;
  for (std::size_t axis = 0; axis < point.size(); ++axis) {
    outside += static_cast<double>(std::abs(asked[axis] - point[axis]));
  }
  prediction.log_error = std::sqrt(model_variance + 1 / total) + 0.1 * outside;
  return prediction;
}

}  // namespace blastune
