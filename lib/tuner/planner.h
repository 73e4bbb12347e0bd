// SPDX-License-Identifier: BSD-3-Clause
//
// Decides what to measure next. Pure: it is told what came back and how long it took, and knows no clock,
// no file and no thread; the same seed and the same answers give the same questions.
//
// Work goes in rounds. A round takes the gemms whose present choice is expected to lose most, and measures
// a block of each: every count that could still be the best, once, in random order, the blocks shuffled.
// So the samples of one gemm are spread over the whole run, drift hits all counts alike, and time is
// spent where a decision is open and not where a time is uncertain. Between rounds, series are refined
// where the best count changes from one batch size to the next.
//
// A machine's state may hold for seconds, and what was seen within one says little of the next. So a gemm is
// settled only when it was measured in several parts of the budget.
//
// Where there are many counts, not every one is measured for every gemm: a first block has some of them, and
// what all curves have in common says which others are worth a try (curve_pool.h).
//
// What next() returns takes about as long as it is asked to, since whoever asks may have to let others run
// in between. A block that would fit is not cut; the rest of a longer one comes first the next time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "model/burst.h"
#include "model/curve.h"
#include "model/rng.h"
#include "model/table.h"
#include "tuner/curve_pool.h"
#include "tuner/plan.h"

namespace blastune {

struct PlannerOptions {
  double budget_seconds = 20;
  double tolerance = default_tolerance;  // as the table's
  double acceptable_regret = 0.004;      // expected loss of a choice below which a gemm is settled
  int least_bursts = 5;                  // of every count still possible, before a gemm can be settled
  int least_parts =
      3;  // of the run in which it was measured, before it can: 5 s, or quarters of a small budget
  // What is known settles nothing by itself, and is joined with what comes back as Curve::merge_later does
  // it: an earlier run may have met one state of the machine only, and two of them together know more of it
  // than one of twice the length.
  bool measure_known_again = false;
  std::int64_t max_curves = 4000;  // refinement stops there
  bool accept_disturbed = false;   // count bursts that other programs disturbed: better than no answer at all
  // Gemms whose burst with one thread is expected to take longer, warm calls included, are left alone.
  double longest_burst_seconds = std::numeric_limits<double>::infinity();
  // Where bursts and not seconds are what measuring costs: how many of them, all gemms together.
  std::int64_t most_bursts = std::numeric_limits<std::int64_t>::max();
  bool lost_is_gone = false;  // a lost burst means that none of that gemm and count can be had any more
  int calls_of_burst = 0;     // 0: as many as fit (burst_size.h)
  std::uint64_t seed = 1;
};

struct Progress {
  double spent_seconds = 0;
  double budget_seconds = 0;
  std::size_t gemms = 0;  // without those left alone
  std::size_t settled = 0;
  std::size_t left_alone = 0;  // their bursts take too long
  std::int64_t bursts = 0;
  std::int64_t disturbed = 0;
  std::int64_t lost = 0;
};

class Planner {
 public:
  // counts: the candidates, ascending, starting with 1. known: what earlier tunes of this machine and build
  // left; its curves may be empty.
  Planner(Plan plan, std::vector<int> counts, Table known, PlannerOptions options);

  // The next bursts, at most `seconds` worth of them by what is expected, and at least one when there is
  // anything left to do. Empty: the budget is spent, or every gemm is settled or left alone.
  std::vector<BurstRequest> next(double seconds);

  // The answers to exactly the bursts that next() returned last, and the wall time they took together.
  void record(std::span<const BurstRequest> requests, std::span<const std::optional<BurstResult>> results,
              double elapsed_seconds);

  // In record's place where the answers were thrown away, since the machine was not quiet. The time is spent
  // and the bursts count as disturbed, but no gemm is given up for it: the same bursts are asked for again.
  void discard(std::span<const BurstRequest> requests, double elapsed_seconds);

  // In constant time.
  [[nodiscard]] Progress progress() const;

  // What was measured since the start, one curve a gemm. Known curves are not included, and neither are
  // gemms of which not every count was measured yet, or with many counts not the first block of them: a
  // choice among fewer could be the wrong one.
  [[nodiscard]] std::vector<Curve> measured() const;

 private:
  enum class State : std::uint8_t { uncertain, settled, left_alone };
  struct Item {
    Curve fresh;        // this run's bursts
    Curve known;        // what was known before, where it is measured again
    Curve all;          // all of it together
    int fruitless = 0;  // bursts since the last good one that were lost or disturbed
    int parts = 0;      // of the run in which it was measured
    int last_part = -1;
    std::set<int> gone;            // counts of which nothing can be had
    std::vector<int> first_block;  // with many counts: those to begin with, but for what is gone
    State state = State::uncertain;
    std::optional<Prospects> prospects;  // with many counts: by what was known when it was last looked at
  };
  using Block = std::vector<BurstRequest>;  // of one gemm

  void add_item(const Gemm& gemm);
  [[nodiscard]] bool settled(const Item& item) const;
  [[nodiscard]] bool decided(const Item& item) const;
  [[nodiscard]] std::vector<int> only_known(const Item& item, const std::vector<int>& counts) const;
  [[nodiscard]] std::vector<int> open_counts(const Item& item) const;
  [[nodiscard]] bool has_first_block(const Item& item) const;
  [[nodiscard]] int chosen_count(const Curve& curve) const;  // 0: nothing was measured
  [[nodiscard]] double expected_regret(const Item& item) const;
  [[nodiscard]] double call_seconds(const Item& item, int threads) const;
  [[nodiscard]] BurstRequest burst(const Item& item, int threads) const;
  [[nodiscard]] double burst_seconds(const Item& item, const BurstRequest& request) const;
  [[nodiscard]] double block_seconds(const Item& item) const;
  [[nodiscard]] double seconds_of(const Block& block) const;
  [[nodiscard]] bool takes_too_long(const Item& item) const;
  [[nodiscard]] double& seconds_per_flop(DType dtype);
  [[nodiscard]] double seconds_per_flop(DType dtype) const;
  [[nodiscard]] std::size_t& in_state(State state) { return in_state_.at(static_cast<std::size_t>(state)); }
  void judge(Item& item);    // brings its state up to date
  void foresee(Item& item);  // and its prospects
  void learn_from_all();
  [[nodiscard]] bool counts_bursts() const;
  [[nodiscard]] int part_of_run() const;
  bool begin_block(bool may_start_round);
  [[nodiscard]] bool best_count_changes(const Series& series, std::int64_t from, std::int64_t to) const;
  void start_round();
  void refine();

  Plan plan_;
  std::vector<int> counts_;
  PlannerOptions options_;
  Table known_;
  std::map<Gemm, Item> items_;
  std::vector<Gemm> round_;        // whose blocks are still to do, taken from the back
  std::deque<Block> blocks_;       // made up already: rests, and what was discarded
  std::optional<CurvePool> pool_;  // with many counts
  double next_learning_ = 0;       // when so many bursts were recorded
  Rng rng_;
  std::array<double, 4> seconds_per_flop_;  // of each dtype with one thread; learned from what comes back
  std::array<std::size_t, 3> in_state_{};   // how many items are in each
  Progress progress_;
};

}  // namespace blastune
