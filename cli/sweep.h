// SPDX-License-Identifier: BSD-3-Clause
//
// A whole network's forward pass at given batch sizes and constant counts: what to ask the prober for, and
// what the answers add up to. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/burst.h"
#include "model/curve.h"
#include "model/layer.h"
#include "model/rng.h"
#include "store/csv.h"

namespace blastune {

struct SweepSetup {
  Network network;
  DType dtype = DType::f64;
  std::vector<std::int64_t> batches;  // ascending, no duplicates
  std::vector<int> counts;            // ascending, no duplicates
};

// One repetition: a pass for every batch size and count, in an order of its own so that drift hits all
// alike. A pass is its layers in order, each called once unmeasured and once measured.
[[nodiscard]] std::vector<std::vector<BurstRequest>> sweep_passes(const SweepSetup& setup, Rng& rng);

class SweepTimes {
 public:
  // The answers to one pass. A pass with a lost or disturbed layer is counted and left out.
  void add(std::span<const BurstRequest> pass, std::span<const std::optional<BurstResult>> results);

  // nullptr when no pass of that batch size and count came through.
  [[nodiscard]] const Moments* find(std::int64_t batch, int threads) const;
  [[nodiscard]] const std::vector<Measurement>& calls() const { return calls_; }
  [[nodiscard]] std::int64_t left_out() const { return left_out_; }

 private:
  std::map<std::pair<std::int64_t, int>, Moments> passes_;
  std::vector<Measurement> calls_;
  std::int64_t left_out_ = 0;
};

// The table for people: a row for each batch size, a column for each count.
[[nodiscard]] std::string sweep_text(const SweepSetup& setup, const SweepTimes& times);
[[nodiscard]] std::string sweep_json(const SweepSetup& setup, const SweepTimes& times);

}  // namespace blastune
