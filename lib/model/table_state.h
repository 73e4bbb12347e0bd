// SPDX-License-Identifier: BSD-3-Clause
//
// The state of the machine that a table was made in. One number moves all calls with several threads relative
// to one thread, each by its loading. A table of one occasion is a sample of one state, and however many
// bursts it has, they share that state's error. Which state it was is read from the multiplies whose scaling
// is known beforehand: where large ones gain less than they should, either the machine is like that or its
// state was bad. Occasions that agree with each other say the former.
//
// State 0 is the one that choices are made for: the table's average, brought towards the state in which
// multiplies scale as they should as far as the table's may have been another one. Pure.
#pragma once

#include <span>

#include "model/curve.h"
#include "model/scaling.h"

namespace blastune {

class TableState {
 public:
  TableState() = default;
  // Of curves that a second thread makes a difference to. burst_variance: of one burst, relative.
  TableState(std::span<const Curve* const> curves, double burst_variance);

  // What is added to ln(time with several threads / time with one) as measured, to be that of state 0.
  [[nodiscard]] double shift(double loading) const { return -loading * correction_; }
  // Standard deviation of what remains unknown of it.
  [[nodiscard]] double error(double loading) const { return loading * error_; }

  // Of a curve with a point for one thread: by what its occasions differ by, where there were several.
  [[nodiscard]] double loading(const Curve& curve) const;

  // What scaling is expected in state 0, before a gemm's own figures are looked at.
  [[nodiscard]] Scaling expected(const Gemm& gemm, double one_seconds, double loading) const;

 private:
  int few_ = 2;            // the fewest of several threads: their scaling is known best
  double variance_ = 0;    // of the state between occasions
  double correction_ = 0;  // how bad the table's state is taken to have been
  double left_ = 0;        // how badly large multiplies scale in state 0
  double error_ = 0;
};

}  // namespace blastune
