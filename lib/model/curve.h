// SPDX-License-Identifier: BSD-3-Clause
//
// What is known about one gemm: its time as a function of the thread count, with spread.
#pragma once

#include <cstdint>
#include <vector>

#include "model/gemm.h"

namespace blastune {

// Mean and spread of bursts, mergeable (Welford; merge after Chan, Golub and LeVeque 1979).
class Moments {
 public:
  Moments() = default;
  // From a stored summary; variance is the sample variance (n - 1), ignored for count < 2.
  static Moments from_summary(std::int64_t count, double mean, double standard_deviation);

  void add(double value);
  void merge(const Moments& other);

  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double variance() const;            // sample variance; 0 for fewer than two
  [[nodiscard]] double standard_deviation() const;  // of one burst
  [[nodiscard]] double standard_error() const;      // of the mean; 0 for fewer than two

  bool operator==(const Moments&) const = default;

 private:
  std::int64_t count_ = 0;
  double mean_ = 0;
  double squares_ = 0;
};

// The moments of every value times factor.
[[nodiscard]] Moments scaled(const Moments& moments, double factor);

// Seconds of a burst's median call, over bursts, at one thread count.
struct CurvePoint {
  int threads = 1;
  Moments seconds;

  bool operator==(const CurvePoint&) const = default;
};

struct Curve {
  Gemm gemm;
  std::vector<CurvePoint> points;  // ascending in threads, one a count, each with at least one burst
  std::int64_t disturbed = 0;      // bursts thrown away because something else used the processors
  // Over the occasions that were joined here: ln(time with the most threads / time with one), one value an
  // occasion. Empty while all is of one occasion, whose value the points themselves tell.
  Moments gains{};

  // The point of that count, or nullptr.
  [[nodiscard]] const CurvePoint* find(int threads) const;
  // The point of that count, made in its place when there is none.
  CurvePoint& at(int threads);
  // How many occasions it holds, at least 1.
  [[nodiscard]] std::int64_t occasions() const;
  // Adds what was measured on the same occasion.
  void merge(const Curve& other);
  // Adds what was measured at another time, when every count may have been faster or slower alike. What is
  // here is brought to the later level first, by the counts that both have, so that the ratios of counts, by
  // which is chosen, are the mean of both however many samples of each count there are. The spread is that
  // within both: what they differ by becomes no smaller with more samples. `later` counts as an occasion of
  // its own.
  void merge_later(const Curve& later);

  bool operator==(const Curve&) const = default;
};

// The most that is lost for fewer threads: half of them or more are worth the whole of it.
inline constexpr double default_tolerance = 0.02;

// What may be lost, as a share of the time, by taking `fewer` threads in the place of `more`: the tolerance
// where that leaves at least half of them to others, and less than in proportion where it leaves few
// (docs/adr/0012). 0 where they are no fewer.
[[nodiscard]] double tolerated_loss(int fewer, int more, double tolerance);

// The fewest threads, no more than limit, that lose no more than is tolerated against every higher count, and
// so no more than the tolerance against the best. Never falls when the limit rises. 0 when no point is that
// small.
[[nodiscard]] int best_threads(const Curve& curve, int limit, double tolerance);

}  // namespace blastune
