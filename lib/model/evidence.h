// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of one gemm's counts, each weighted by its precision: its own bursts, what the measured gemms
// around it say, and how it should scale before anything is measured. Few bursts move little, and what is far
// from everything that was measured is left to scaling. Made for one question; neither allocates nor locks.
#pragma once

#include <span>

#include "model/choice.h"
#include "model/curve.h"
#include "model/shape_model.h"
#include "model/table_state.h"

namespace blastune {

struct EvidenceSources {
  const Curve* curve = nullptr;       // of the gemm itself, with a point for one thread; or
  const ShapeModel* model = nullptr;  // of gemms like it; at least one of both
  bool is_borrowed = false;           // the model is of other transposes
  const TableState* state = nullptr;
  double burst_variance = 0;  // of one burst, relative
};

class Evidence {
 public:
  Evidence(const Gemm& gemm, const EvidenceSources& sources);

  [[nodiscard]] bool is_measured() const { return curve_ != nullptr; }
  // The counts of two or more that it knows of, ascending.
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] int threads(std::size_t place) const;
  [[nodiscard]] Candidate at(std::size_t place) const;
  // The highest count that is known, 1 when that is all.
  [[nodiscard]] int most_threads() const { return size() == 0 ? 1 : threads(size() - 1); }

  [[nodiscard]] double one_seconds() const { return one_seconds_; }
  [[nodiscard]] double loading() const { return loading_; }
  [[nodiscard]] double shared_variance() const { return shared_variance_; }
  [[nodiscard]] double apart_variance() const { return apart_variance_; }

  // In state 0, with any count up to most_threads().
  [[nodiscard]] double seconds(int threads) const;

 private:
  void weigh_scaling(const Gemm& gemm, const EvidenceSources& sources);

  const Curve* curve_ = nullptr;
  std::span<const int> counts_;  // the model's
  ShapePrediction prediction_;
  double one_seconds_ = 0;
  double one_variance_ = 0;
  double loading_ = 1;
  double shift_ = 0;            // of the curve's log ratios, to state 0
  double others_shift_ = 0;     // of the model's log ratios, by what is known of scaling
  double others_variance_ = 0;  // of what model and scaling say together
  double others_alone_ = 0;     // what scaling says where there is no model
  double burst_variance_ = 0;
  double shared_variance_ = 0;
  double apart_variance_ = 0;
};

}  // namespace blastune
