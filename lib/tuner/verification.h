// SPDX-License-Identifier: BSD-3-Clause
//
// How good a table's answers are, by times that it was never told. Pure.
//
// The regret of a count is its time over that of the fastest count, 1 where it is the fastest. The fastest is
// picked by the same times that it is judged by, so the noise in them makes every regret look larger. Where
// there are times of two halves of a measurement, the regret is also taken with the fastest count of one half
// judged by the other, which errs to the other side: a count that is picked wrongly makes the regret look
// smaller.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/advice.h"
#include "model/gemm.h"
#include "model/statistics.h"

namespace blastune {

// Seconds of each of Verification's counts, in their order; 0 where a count was not measured.
struct VerifiedGemm {
  Gemm gemm;
  Advice advice;
  std::vector<double> seconds;
  // Means of every other block; both empty where there are no blocks.
  std::vector<double> even_seconds;
  std::vector<double> odd_seconds;
  std::vector<double> expected_seconds;  // by the table; empty, or 0, where it has no opinion
};

// Geometric means over gemms of the time with a count over that with one thread: as measured, and as the
// table has it. Where they differ, the machine is in another state than it was when the table was made.
struct TimeAgainstOne {
  std::size_t gemms = 0;
  double measured = 1;
  double expected = 1;
};

struct RegretSummary {
  std::size_t gemms = 0;
  double geometric_mean = 1;
  Interval interval;  // of the geometric mean, 95 %, gemms drawn anew
  double p95 = 1;
  double worst = 1;
  double across_halves = 0;  // the geometric mean with the fastest count of the other half; 0: there are none
};

class Verification {
 public:
  // counts: those compared, ascending. default_threads: the library's own.
  Verification(std::vector<int> counts, int default_threads);

  // A gemm without advice is counted as left out, and one of which fewer than two counts were measured, where
  // more are compared, or none that is no higher than the advised one.
  void add(VerifiedGemm gemm);

  [[nodiscard]] const std::vector<int>& counts() const { return counts_; }
  [[nodiscard]] const std::vector<VerifiedGemm>& gemms() const { return gemms_; }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }

  // Of the advice: over all gemms, and over those with that basis.
  [[nodiscard]] RegretSummary of_advice() const;
  [[nodiscard]] RegretSummary of_advice(Basis basis) const;
  [[nodiscard]] RegretSummary of_default() const { return of_constant(default_threads_); }
  // Over the gemms of which that count, or else the next lower one, was measured.
  [[nodiscard]] RegretSummary of_constant(int threads) const;
  // The constant with the least geometric mean, among those measured for every gemm; 0: there is none.
  [[nodiscard]] int best_constant() const;

  [[nodiscard]] double regret(const VerifiedGemm& gemm, int threads) const;
  // Over the gemms of which that very count and one thread have times and expected ones.
  [[nodiscard]] TimeAgainstOne against_one(int threads) const;
  // With the fewest threads, where two are as fast.
  [[nodiscard]] int fastest(const VerifiedGemm& gemm) const;
  // The gemms whose advice loses most, the worst first, at most that many.
  [[nodiscard]] std::vector<VerifiedGemm> worst(std::size_t most) const;

 private:
  // Of that count or the next lower one that was measured.
  [[nodiscard]] std::size_t place_of(const VerifiedGemm& gemm, int threads) const;
  template <class Threads>
  [[nodiscard]] RegretSummary summarise(const Threads& threads_for) const;

  std::vector<int> counts_;
  int default_threads_;
  std::vector<VerifiedGemm> gemms_;
  std::size_t left_out_ = 0;
};

}  // namespace blastune
