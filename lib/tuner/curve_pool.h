// SPDX-License-Identifier: BSD-3-Clause
//
// What the curves of one machine have in common, for machines with so many counts that not every one can be
// measured for every gemm. ln(seconds) over the counts is taken as a draw from one normal distribution, whose
// mean and covariance are learned from all curves together (empirical Bayes; Robbins 1956), starting from a
// smooth one: then a few measured counts say how likely each other one is to be faster. What a curve has of
// its own, count by count, and how much its bursts scatter is learned of each curve for itself. docs/adr/0012
// has the comparison that chose it. Pure; the same curves give the same answers.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "model/curve.h"

namespace blastune {

// Of one gemm, given what was measured of it. Losses are shares of the time.
struct Prospects {
  double regret = 0;  // expected loss of the choice against the fastest count, beyond what is tolerated
  std::vector<double> gain;  // for each count, measured or not: expected gain of taking it where it is faster
};

class CurvePool {
 public:
  // counts: ascending, at least two.
  explicit CurvePool(std::vector<int> counts);
  CurvePool(CurvePool&&) noexcept;
  CurvePool& operator=(CurvePool&&) noexcept;
  ~CurvePool();

  // One step from what was learned before towards what these curves say; points of other counts are passed
  // over.
  void learn(std::span<const Curve* const> curves);

  // chosen: a count that was measured. A loss to a higher count that is tolerated for its threads is none.
  [[nodiscard]] Prospects prospects(const Curve& curve, int chosen, double tolerance) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blastune
