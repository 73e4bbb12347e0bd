// SPDX-License-Identifier: BSD-3-Clause
#include "model/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

#include "model/rng.h"

namespace blastune {
namespace {

// Continued fraction of the regularised incomplete beta function (Abramowitz and Stegun 26.5.8), evaluated
// by Lentz's method.
double beta_continued_fraction(double a, double b, double x) {
  constexpr int max_terms = 300;
  constexpr double tiny = 1e-300;
  constexpr double precision = 1e-14;
  double c = 1;
  double d = 1 - (a + b) * x / (a + 1);
  d = 1 / (std::abs(d) < tiny ? tiny : d);
  double fraction = d;
  for (int i = 1; i <= max_terms; ++i) {
    const double even = i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i));
    const double odd = -(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1));
    for (const double term : {even, odd}) {
      d = 1 + term * d;
      d = 1 / (std::abs(d) < tiny ? tiny : d);
      c = 1 + term / c;
      if (std::abs(c) < tiny) c = tiny;
      fraction *= c * d;
    }
    if (std::abs(c * d - 1) < precision) break;
  }
  return fraction;
}

// std::lgamma also keeps the sign in a variable of the process, which threads would write at once.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(log_gamma(a + b) - log_gamma(a) - log_gamma(b) + a * std::log(x) + b * std::log1p(-x));
  // The fraction converges fast on this side of the mean only; the other side follows by symmetry.
  if (x < (a + 1) / (a + b + 2)) return front * beta_continued_fraction(a, b, x) / a;
  return 1 - front * beta_continued_fraction(b, a, 1 - x) / b;
}

}  // namespace

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double geometric_mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += std::log(value);
  return std::exp(sum / static_cast<double>(values.size()));
}

double median(std::span<const double> values) {
  return quantile(values, 0.5);
}

double quantile(std::span<const double> values, double q) {
  std::vector<double> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  const double position = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const auto above = std::min(below + 1, sorted.size() - 1);
  return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

double normal_cdf(double x) {
  return 0.5 * std::erfc(-x / std::numbers::sqrt2);
}

double student_t_cdf(double t, double degrees_of_freedom) {
  const double x = degrees_of_freedom / (degrees_of_freedom + t * t);
  const double tail = 0.5 * incomplete_beta(degrees_of_freedom / 2, 0.5, x);
  return t > 0 ? 1 - tail : tail;
}

double probability_less(const Moments& a, const Moments& b) {
  if (a.count() < 2 || b.count() < 2) return 0.5;
  const double error_a = a.variance() / static_cast<double>(a.count());
  const double error_b = b.variance() / static_cast<double>(b.count());
  const double error = error_a + error_b;
  const double difference = b.mean() - a.mean();
  if (error <= 0) return difference > 0 ? 1 : (difference < 0 ? 0 : 0.5);
  // Welch and Satterthwaite's degrees of freedom.
  const double freedom = error * error /
                         (error_a * error_a / static_cast<double>(a.count() - 1) +
                          error_b * error_b / static_cast<double>(b.count() - 1));
  return student_t_cdf(difference / std::sqrt(error), freedom);
}

Interval bootstrap_geometric_mean(std::span<const double> values, double coverage, int resamples,
                                  std::uint64_t seed) {
  Rng rng(seed);
  std::vector<double> logs;
  for (const double value : values) logs.push_back(std::log(value));
  std::vector<double> means;
  for (int i = 0; i < resamples; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < logs.size(); ++j) sum += logs[rng.below(logs.size())];
    means.push_back(std::exp(sum / static_cast<double>(logs.size())));
  }
  return {quantile(means, (1 - coverage) / 2), quantile(means, (1 + coverage) / 2)};
}

}  // namespace blastune
