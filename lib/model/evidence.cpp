// SPDX-License-Identifier: BSD-3-Clause
#include "model/evidence.h"

#include <algorithm>
#include <cmath>

#include "model/burst_spread.h"

namespace blastune {
namespace {

// Of ln(time) with one count of one gemm from what gemms around it say of that count: counts stray, and what
// a curve has of its own there repeats (docs/adr/0012-many-counts.md).
constexpr double stray_deviation = 0.3;

}  // namespace

Evidence::Evidence(const Gemm& gemm, const EvidenceSources& sources)
    : curve_(sources.curve), burst_variance_(sources.burst_variance) {
  if (sources.model != nullptr) {
    prediction_ = sources.model->predict(gemm);
    counts_ = sources.model->counts();
  }
  if (curve_ != nullptr) {
    const Moments& one = curve_->points.front().seconds;
    one_seconds_ = one.mean();
    one_variance_ = relative_variance(one, burst_variance_);
    loading_ = sources.state->loading(*curve_);
    shift_ = sources.state->shift(loading_);
  } else {
    one_seconds_ = prediction_.seconds_with_one;
    loading_ = expected_loading(one_seconds_);
  }
  const double state_error = sources.state->error(loading_);
  shared_variance_ = state_error * state_error;
  weigh_scaling(gemm, sources);
}

// Of the fewest of several threads; what the model says of more against these stays as it is.
void Evidence::weigh_scaling(const Gemm& gemm, const EvidenceSources& sources) {
  const Scaling scaling = sources.state->expected(gemm, one_seconds_, loading_);
  if (counts_.size() < 2) {
    others_alone_ = scaling.log_ratio;
    others_variance_ = scaling.variance;
    return;
  }
  const double error = prediction_.log_error * (sources.is_borrowed ? 2 : 1);
  const double variance = error * error;
  const double share = variance / (variance + scaling.variance);
  others_shift_ = share * (scaling.log_ratio - static_cast<double>(prediction_.log_ratio[1]));
  others_variance_ = share * scaling.variance;
  if (curve_ == nullptr) {
    shared_variance_ += others_variance_;
    apart_variance_ = variance;
  }
}

std::size_t Evidence::size() const {
  const std::size_t known = curve_ != nullptr ? curve_->points.size() : counts_.size();
  return known == 0 ? 0 : known - 1;
}

int Evidence::threads(std::size_t place) const {
  return curve_ != nullptr ? curve_->points[place + 1].threads : counts_[place + 1];
}

Candidate Evidence::at(std::size_t place) const {
  if (curve_ == nullptr) {
    return {counts_[place + 1], prediction_.log_ratio[place + 1] + static_cast<float>(others_shift_), 0, 0};
  }
  const CurvePoint& point = curve_->points[place + 1];
  const double own = std::log(point.seconds.mean() / one_seconds_) + shift_;
  const double bursts = relative_variance(point.seconds, burst_variance_);
  double others = others_alone_;
  if (counts_.size() > 1) {
    const auto found = std::ranges::lower_bound(counts_, point.threads);
    // Above all counts of the model, which may have fewer than a curve, the curve speaks for itself.
    if (found == counts_.end() || *found != point.threads)
      return {point.threads, static_cast<float>(own), static_cast<float>(bursts + one_variance_),
              static_cast<float>(bursts)};
    others = static_cast<double>(prediction_.log_ratio[static_cast<std::size_t>(found - counts_.begin())]) +
             others_shift_;
  }
  const double variance = others_variance_ + (place == 0 ? 0 : stray_deviation * stray_deviation);
  const double own_share = variance / (variance + bursts + one_variance_);
  return {point.threads, static_cast<float>(std::lerp(others, own, own_share)),
          static_cast<float>(own_share * (bursts + one_variance_)), static_cast<float>(own_share * bursts)};
}

double Evidence::seconds(int threads) const {
  double below_ratio = 0;
  int below = 1;
  for (std::size_t i = 0; i < size() && below < threads; ++i) {
    const Candidate above = at(i);
    const auto above_ratio = static_cast<double>(above.log_ratio);
    if (above.threads >= threads) {
      const double share = static_cast<double>(threads - below) / (above.threads - below);
      return one_seconds_ * std::exp(std::lerp(below_ratio, above_ratio, share));
    }
    below = above.threads;
    below_ratio = above_ratio;
  }
  return one_seconds_ * std::exp(below_ratio);
}

}  // namespace blastune
