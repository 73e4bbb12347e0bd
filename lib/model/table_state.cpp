// SPDX-License-Identifier: BSD-3-Clause
#include "model/table_state.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "model/burst_spread.h"

namespace blastune {
namespace {

// Constants chosen by bench/young_tables (docs/adr/0015-doubt-and-state.md).
constexpr double believed_deviation = 0.35;  // of the state between occasions
constexpr double belief_in_occasions = 1;
constexpr double machine_deviation = 0.15;  // of how well a machine's two threads scale in its good states
constexpr double loading_belief = 4;        // occasions that the loading by size is worth

const CurvePoint* first_of_several(const Curve& curve) {
  return curve.points.size() < 2 || curve.points.front().threads != 1 ? nullptr : &curve.points[1];
}

double one_seconds(const Curve& curve) {
  return curve.points.front().seconds.mean();
}

}  // namespace

TableState::TableState(std::span<const Curve* const> curves, double burst_variance) {
  few_ = std::numeric_limits<int>::max();
  double squares = 0;
  double degrees = 0;
  double occasions = 0;
  for (const Curve* curve : curves) {
    const CurvePoint* several = first_of_several(*curve);
    if (several == nullptr) continue;
    few_ = std::min(few_, several->threads);
    const auto repeats = static_cast<double>(curve->occasions() - 1);
    const double by_size = expected_loading(one_seconds(*curve));
    squares += curve->gains.variance() / (by_size * by_size) * repeats;
    degrees += repeats;
    occasions = std::max(occasions, repeats);
  }
  const double believed = believed_deviation * believed_deviation;
  const double seen = degrees > 0 ? squares / degrees : 0;
  variance_ = (believed * belief_in_occasions + seen * occasions) / (belief_in_occasions + occasions);

  const double doublings = few_ == std::numeric_limits<int>::max() ? 1 : std::log2(few_);
  const double machine = machine_deviation * doublings * doublings;
  const double machine_variance = machine * machine;
  double weighted = 0;
  double precision = 1 / (variance_ + machine_variance);
  for (const Curve* curve : curves) {
    const CurvePoint* several = first_of_several(*curve);
    if (several == nullptr || several->threads != few_) continue;
    const double one = one_seconds(*curve);
    const double by_size = expected_loading(one);
    const Scaling scaling = expected_scaling(curve->gemm, one, few_);
    const double variance = scaling.variance + relative_variance(several->seconds, burst_variance) +
                            relative_variance(curve->points.front().seconds, burst_variance);
    weighted += by_size * (std::log(several->seconds.mean() / one) - scaling.log_ratio) / variance;
    precision += by_size * by_size / variance;
  }
  const double behind = std::max(0.0, weighted / precision);
  const double share = variance_ / (variance_ + machine_variance);
  correction_ = behind * share;
  left_ = behind - correction_;
  error_ = std::sqrt(variance_ * machine_variance / (variance_ + machine_variance));
}

double TableState::loading(const Curve& curve) const {
  const double by_size = expected_loading(one_seconds(curve));
  const auto repeats = static_cast<double>(curve.occasions() - 1);
  if (repeats < 1 || variance_ <= 0) return by_size;
  const double seen = curve.gains.variance() / variance_;
  return std::sqrt((by_size * by_size * loading_belief + seen * repeats) / (loading_belief + repeats));
}

Scaling TableState::expected(const Gemm& gemm, double one_seconds, double loading) const {
  Scaling scaling = expected_scaling(gemm, one_seconds, few_);
  scaling.log_ratio += loading * left_;
  return scaling;
}

}  // namespace blastune
