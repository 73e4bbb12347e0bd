// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/curve_pool.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <utility>

#include "model/rng.h"

namespace blastune {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Figures chosen by held-out regret on a recorded server with 96 counts (docs/adr/0012-many-counts.md).
// Deviations are of ln(seconds).
constexpr double smooth_deviation = 0.6;  // of curves from each other, over counts that are close
constexpr double smooth_length = 1.0;     // in ln(count), over which they keep to each other
constexpr double rough_deviation = 0.02;  // over neighbouring counts
constexpr double rough_length = 0.3;
constexpr double parity_deviation = 0.01;  // of odd counts together
constexpr double level_variance = 100;     // how long a gemm takes at all says nothing
constexpr double prior_curves = 10;        // what this belief counts for
constexpr double prior_mean_curves = 4;
constexpr double own_deviation = 0.01;  // of one count of one curve from what all say, until it is seen
constexpr double least_own_deviation = 0.001;
constexpr double own_points = 2;  // what that counts for
constexpr double most_own_residual = 1;
constexpr double burst_deviation = 0.01;  // of one burst, until repeated ones say otherwise
constexpr double burst_degrees = 2;
constexpr double typical_exponent =
    0.8;  // seconds fall with this power of the count, for a third of the counts
constexpr Index draws = 128;
constexpr std::size_t most_curves = 128;  // to learn from at once

// What one curve has of the pool's counts.
struct Observed {
  std::vector<Index> places;
  VectorXd log_seconds;
  VectorXd variances;  // of the means of their bursts
};

struct Belief {
  VectorXd mean;
  MatrixXd covariance;
};

// How long a gemm takes at all is not what curves have in common.
VectorXd without_level(VectorXd values) {
  values.array() -= values.mean();
  return values;
}

MatrixXd normal_draws(Index rows, Index columns) {
  Rng rng(1);
  MatrixXd values(rows, columns);
  for (Index column = 0; column < columns; ++column)
    for (Index row = 0; row < rows; ++row) values(row, column) = rng.normal();
  return values;
}

}  // namespace

struct CurvePool::State {
  std::vector<int> counts;
  VectorXd mean;
  MatrixXd prior;       // of the covariance
  MatrixXd covariance;  // without levels
  MatrixXd normal;      // fixed draws, so that two looks differ by what was learned

  [[nodiscard]] Index size() const { return static_cast<Index>(counts.size()); }
  [[nodiscard]] Observed observe(const Curve& curve) const;
  [[nodiscard]] double own_variance(const Observed& observed) const;
  // With own_variance within the values themselves, or beside them.
  [[nodiscard]] Belief given(const Observed& observed, double own_variance, bool is_within) const;
  [[nodiscard]] MatrixXd among(const Observed& observed, double own_variance) const;
  [[nodiscard]] VectorXd departure(const Observed& observed) const;
};

Observed CurvePool::State::observe(const Curve& curve) const {
  Observed observed;
  std::vector<const CurvePoint*> points;
  double squares = burst_degrees * burst_deviation * burst_deviation;
  double degrees = burst_degrees;
  for (const auto& point : curve.points) {
    const auto place = std::ranges::lower_bound(counts, point.threads);
    if (place == counts.end() || *place != point.threads) continue;
    observed.places.push_back(place - counts.begin());
    points.push_back(&point);
    const auto repeats = static_cast<double>(point.seconds.count() - 1);
    const double relative = point.seconds.standard_deviation() / point.seconds.mean();
    squares += repeats * relative * relative;
    degrees += repeats;
  }
  const auto size = static_cast<Index>(points.size());
  observed.log_seconds.resize(size);
  observed.variances.resize(size);
  for (Index i = 0; i < size; ++i) {
    const Moments& seconds = points[static_cast<std::size_t>(i)]->seconds;
    observed.log_seconds(i) = std::log(seconds.mean());
    observed.variances(i) = squares / degrees / static_cast<double>(seconds.count());
  }
  return observed;
}

MatrixXd CurvePool::State::among(const Observed& observed, double own_variance) const {
  MatrixXd among = covariance(observed.places, observed.places);
  among.array() += level_variance;
  among.diagonal() += observed.variances;
  among.diagonal().array() += own_variance + 1e-10;
  return among;
}

VectorXd CurvePool::State::departure(const Observed& observed) const {
  return observed.log_seconds - mean(observed.places);
}

// By how far each measured count is from what all others say of it (leave-one-out residuals from the inverse;
// Dubrule 1983), in two steps.
double CurvePool::State::own_variance(const Observed& observed) const {
  const auto size = static_cast<Index>(observed.places.size());
  double variance = own_deviation * own_deviation;
  for (int step = 0; step < 2; ++step) {
    const MatrixXd inverse = among(observed, variance).llt().solve(MatrixXd::Identity(size, size));
    const Eigen::ArrayXd diagonal = inverse.diagonal().array();
    const Eigen::ArrayXd residuals = (inverse * departure(observed)).array() / diagonal;
    const double seen = residuals.square().min(most_own_residual * most_own_residual).mean();
    const double expected = (1 / diagonal - variance).mean();
    const auto points = static_cast<double>(size);
    const double posterior =
        (own_points * own_deviation * own_deviation + points * std::max(0.0, seen - expected)) /
        (own_points + points);
    variance = std::max(least_own_deviation * least_own_deviation, posterior);
  }
  return variance;
}

Belief CurvePool::State::given(const Observed& observed, double own_variance, bool is_within) const {
  MatrixXd before = covariance;
  before.array() += level_variance;
  if (is_within) before.diagonal().array() += own_variance;
  const MatrixXd across = before(Eigen::all, observed.places);
  const Eigen::LLT<MatrixXd> among_measured(among(observed, own_variance));
  Belief belief;
  belief.mean = mean + across * among_measured.solve(departure(observed));
  belief.covariance = before - across * among_measured.solve(across.transpose());
  return belief;
}

CurvePool::CurvePool(std::vector<int> counts) : state_(std::make_unique<State>()) {
  State& state = *state_;
  state.counts = std::move(counts);
  const Index size = state.size();
  VectorXd logs(size);
  VectorXd odd(size);
  for (Index i = 0; i < size; ++i) {
    const int count = state.counts[static_cast<std::size_t>(i)];
    logs(i) = std::log(count);
    odd(i) = count % 2;
  }
  const double flat_from = std::log(state.counts.back() / 3.0);
  state.mean = -typical_exponent * logs.array().min(flat_from);
  state.prior = parity_deviation * parity_deviation * odd * odd.transpose();
  for (Index i = 0; i < size; ++i) {
    for (Index j = 0; j < size; ++j) {
      const double distance = std::abs(logs(i) - logs(j));
      state.prior(i, j) += smooth_deviation * smooth_deviation *
                               std::exp(-distance * distance / (2 * smooth_length * smooth_length)) +
                           rough_deviation * rough_deviation * std::exp(-distance / rough_length);
    }
  }
  state.covariance = state.prior;
  state.normal = normal_draws(size, draws);
}

CurvePool::CurvePool(CurvePool&&) noexcept = default;
CurvePool& CurvePool::operator=(CurvePool&&) noexcept = default;
CurvePool::~CurvePool() = default;

// A step of expectation and maximisation (Dempster, Laird and Rubin 1977), levels taken out.
void CurvePool::learn(std::span<const Curve* const> curves) {
  State& state = *state_;
  const Index size = state.size();
  const std::size_t stride = std::max<std::size_t>(1, (curves.size() + most_curves - 1) / most_curves);
  std::vector<VectorXd> departures;
  MatrixXd unknown = MatrixXd::Zero(size, size);
  VectorXd sum = VectorXd::Zero(size);
  for (std::size_t i = 0; i < curves.size(); i += stride) {
    const Observed observed = state.observe(*curves[i]);
    if (observed.places.size() < 2) continue;
    const double own_variance = state.own_variance(observed);
    const Belief belief = state.given(observed, own_variance, false);
    departures.push_back(without_level(belief.mean - state.mean));
    unknown += belief.covariance;
    // What every curve has of its own at the same count is not its own.
    sum += without_level(state.given(observed, own_variance, true).mean - state.mean);
  }
  if (departures.empty()) return;
  unknown.rowwise() -= unknown.colwise().mean().eval();
  unknown.colwise() -= unknown.rowwise().mean().eval();
  const auto learned = static_cast<double>(departures.size());
  const VectorXd shift = sum / (learned + prior_mean_curves);
  MatrixXd spread = prior_curves * state.prior + unknown;
  for (const auto& departure : departures) spread += (departure - shift) * (departure - shift).transpose();
  state.mean += shift;
  state.covariance = spread / (prior_curves + learned);
}

Prospects CurvePool::prospects(const Curve& curve, int chosen, double tolerance) const {
  const State& state = *state_;
  Prospects prospects;
  prospects.gain.assign(state.counts.size(), 0);
  const Observed observed = state.observe(curve);
  const auto found = std::ranges::lower_bound(state.counts, chosen);
  if (observed.places.empty() || found == state.counts.end()) return prospects;
  const Index choice = found - state.counts.begin();
  Belief belief = state.given(observed, state.own_variance(observed), true);
  belief.covariance.diagonal().array() += 1e-8;
  const MatrixXd values = (belief.covariance.llt().matrixL() * state.normal).colwise() + belief.mean;
  // What each count is better by, in each draw.
  MatrixXd better = (-values).rowwise() + values.row(choice);
  for (Index i = 0; i < state.size(); ++i)
    better.row(i).array() -=
        std::log1p(tolerated_loss(chosen, state.counts[static_cast<std::size_t>(i)], tolerance));
  better = better.cwiseMax(0);
  prospects.regret = better.colwise().maxCoeff().mean();
  for (Index i = 0; i < state.size(); ++i) prospects.gain[static_cast<std::size_t>(i)] = better.row(i).mean();
  return prospects;
}

}  // namespace blastune
