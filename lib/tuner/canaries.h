// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a table still tells the truth, from a few of its gemms: canaries. Pure, like the planner.
//
// Burst times depend on a state that lasts for as long as threads keep running, by a factor of up to two
// (docs/adr/0005-resting-between-stretches.md). So a canary's bursts are spread over rounds, a slice never
// holds two rounds, and whoever runs them rests between slices. And what is known is given the spread of
// single bursts, as the whole table shows it, and not that of a mean: all fresh bursts may have met one
// state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "model/burst.h"
#include "model/curve.h"
#include "model/rng.h"
#include "model/table.h"

namespace blastune {

// Up to `wanted` of the table's gemms, far from each other in type, transposes and the logarithms of their
// sizes, others for another seed. Only those known at every count, of which a burst at each takes no longer
// than that together.
[[nodiscard]] std::vector<Gemm> choose_canaries(const Table& table, std::span<const int> counts,
                                                std::size_t wanted, double longest_block_seconds,
                                                std::uint64_t seed);

// The table's gemms that are nearer to a drifted canary than to a sound one of their type, without the
// canaries themselves: what they are known to take is to be measured again.
[[nodiscard]] std::vector<Gemm> stale_gemms(const Table& table, std::span<const Gemm> sound,
                                            std::span<const Gemm> drifted);

struct CanaryOptions {
  int least_bursts = 5;       // of every count, each from another round
  double most_regret = 0.10;  // of the table's choice by fresh times
  double most_change = 0.25;  // of a time, up or down, as a share of the smaller one
  double certainty = 3;       // standard errors by which either must be exceeded
  std::uint64_t seed = 1;
};

// The curves hold the fresh bursts alone: for Table::add where sound, for Table::replace where drifted.
struct CanaryVerdict {
  std::vector<Curve> sound;
  std::vector<Curve> drifted;
  std::vector<Gemm> undecided;  // could not be measured, or the check has not finished
};

class CanaryCheck {
 public:
  // counts: the candidates, ascending. Canaries that the table does not know at every count are passed over.
  CanaryCheck(const Table& known, std::vector<int> counts, std::span<const Gemm> canaries,
              CanaryOptions options);

  // The next bursts, at most `seconds` worth of them by what is known, and at least one; blocks of every
  // count in random order, none cut that would fit. Empty: finished.
  std::vector<BurstRequest> next(double seconds);

  // The answers to exactly the bursts that next() returned last, and the wall time they took together.
  void record(std::span<const BurstRequest> requests, std::span<const std::optional<BurstResult>> results,
              double elapsed_seconds);
  // In record's place where the machine was not quiet: the same bursts are asked for again.
  void discard(std::span<const BurstRequest> requests, double elapsed_seconds);

  [[nodiscard]] bool finished() const;
  [[nodiscard]] double spent_seconds() const { return spent_seconds_; }
  [[nodiscard]] CanaryVerdict verdict() const;

 private:
  struct Canary {
    Curve known;
    Curve fresh;
    int fruitless = 0;  // bursts since the last good one that were lost or disturbed
  };
  using Block = std::vector<BurstRequest>;  // of one canary

  [[nodiscard]] bool lacks(const Canary& canary, int threads) const;
  [[nodiscard]] bool complete(const Canary& canary) const;
  [[nodiscard]] bool given_up(const Canary& canary) const;
  [[nodiscard]] bool has_drifted(const Canary& canary) const;
  [[nodiscard]] double burst_seconds(const BurstRequest& request) const;
  [[nodiscard]] double block_seconds(const Block& block) const;
  void start_round();

  std::vector<int> counts_;
  double tolerance_;
  double spread_alone_;  // of single bursts with one thread and with several, relative to their mean
  double spread_;
  CanaryOptions options_;
  std::map<Gemm, Canary> canaries_;
  std::deque<Block> round_;  // what is left of it
  Rng rng_;
  double spent_seconds_ = 0;
};

}  // namespace blastune
