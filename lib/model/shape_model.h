// SPDX-License-Identifier: BSD-3-Clause
//
// What the measured gemms of one dtype and one pair of transposes say about those that were not measured:
// a quadratic trend of log(time with C / time with 1) and of log(time with 1 / flops) over the logarithms
// of m, n and k, with steps where m or n is very small and a slope where C threads have less than a cache
// line each of the smaller of both, fitted by weighted least squares, plus the weighted residuals of the
// nearest measured gemms. docs/adr/0004-interpolation.md has the comparison that chose it. Immutable once
// made; predicting neither allocates nor locks.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "model/curve.h"
#include "model/nearest_points.h"

namespace blastune {

inline constexpr std::size_t max_modelled_counts = 128;
// 1, three logarithms, their six products, and whether m and n are below where the library's kernels and its
// division of the work change; and, different for each count, how narrow its threads' shares are.
inline constexpr std::size_t common_features = 14;
inline constexpr std::size_t shape_features = common_features + 1;

struct ShapePrediction {
  std::size_t counts = 0;                              // how many of the arrays below mean something
  std::array<float, max_modelled_counts> log_ratio{};  // ln(time with counts()[i] / time with 1)
  double seconds_with_one = 0;
  double log_error = 0;  // standard error of a log_ratio
};

class ShapeModel {
 public:
  // Each curve's ratios are moved by its shift; burst_variance: of one burst, relative. Curves without a
  // point for one thread are left out: their ratio has no base.
  ShapeModel(std::span<const Curve* const> curves, std::span<const float> shifts, double burst_variance);

  [[nodiscard]] bool empty() const { return counts_.empty(); }
  [[nodiscard]] std::size_t size() const { return curves_; }
  // Ascending, starts with 1.
  [[nodiscard]] std::span<const int> counts() const { return counts_; }
  [[nodiscard]] ShapePrediction predict(const Gemm& gemm) const;

 private:
  using Features = std::array<float, common_features>;
  using Columns = std::array<float, max_modelled_counts>;  // the first width() of them mean something

  [[nodiscard]] Point3 clamp_to_measured(Point3 point) const;
  void fit(std::span<const Point3> points, std::span<const Features> features);
  void evaluate_trend(const Point3& point, const Features& features, Columns& columns) const;

  std::size_t curves_ = 0;
  std::vector<int> counts_;
  std::vector<float> log_lines_;      // of each count: log2 of the elements of as many cache lines
  std::vector<float> log_most_gain_;  // ln of 1 / count: threads do not gain more where nobody has seen it
  Point3 low_{};  // the box that was measured; predictions outside it are those of its nearest face
  Point3 high_{};
  NearestPoints nearest_;
  // Rows of width(): first ln(time with 1 / flops), then ln(ratio) for each count but the first.
  std::vector<float> residuals_;  // one row a curve
  std::vector<float> trend_;      // one row a feature
  std::vector<float> weights_;    // one a curve: 1 / (variance of the model + variance of its measurement)

  [[nodiscard]] std::size_t width() const { return counts_.size(); }
};

}  // namespace blastune
