// SPDX-License-Identifier: BSD-3-Clause
//
// What is known of one build, what is still open, and which bursts answer it: the planner for what was not
// measured well enough, canaries for what may have changed since, and all of it again on further occasions,
// since a virtual machine may be in another state each time (docs/adr/0013-occasions.md). Pure: it is handed
// times and results.
//
// Whatever happens, table() holds the best that is known: a curve that drifted stays until a whole new one
// is there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "model/table.h"
#include "model/worker_protocol.h"
#include "tuner/canaries.h"
#include "tuner/plan.h"
#include "tuner/planner.h"

namespace blastune {

struct UpkeepOptions {
  PlanOptions plan;
  std::vector<int> counts;  // ascending, starting with 1
  double tolerance = default_tolerance;
  double longest_burst_seconds = 0.2;
};

class BuildUpkeep {
 public:
  enum class Purpose { measure, check, measure_again };

  // known: what the table file holds for this machine and build; may be without curves.
  BuildUpkeep(const WorkerHello& library, Table known, UpkeepOptions options, std::uint64_t seed);

  // Other limits or another configuration: what is known stays, what is open is seen anew.
  void change(UpkeepOptions options);

  // Bursts for about so many seconds. Empty: nothing of that purpose is open any more; a check is judged
  // then, and an occasion counted.
  std::vector<BurstRequest> next(Purpose purpose, double seconds);
  // What came back for what next() returned last, and how long it took in all.
  void record(std::span<const BurstRequest> requests, std::span<const std::optional<BurstResult>> results,
              double elapsed_seconds, std::int64_t now_unix);
  // The same when others disturbed it: nothing is learnt, and it is asked again.
  void discard(std::span<const BurstRequest> requests, double elapsed_seconds);

  // Draws canaries; they are measured by next(Purpose::check). Nothing to check is a check that is over.
  void begin_check(std::int64_t now_unix);
  [[nodiscard]] bool is_checking() const { return check_.has_value(); }
  // Canaries of the last check that were not as the table says, and were not in the check before.
  [[nodiscard]] std::size_t drifted_last_check() const { return drifted_; }
  // Canaries that were not as the table says in the last check alone. A state passes, and what has drifted
  // does not: the next check is about them, and wants to be a while after this one.
  [[nodiscard]] std::size_t suspects() const { return suspects_.size(); }

  // Begins a further occasion, on which all of it is measured again; next(Purpose::measure_again) measures.
  // Not while something is open or checked. A check interrupts it, and ends it only where it finds drift;
  // what was measured until then counts.
  void begin_again();
  [[nodiscard]] bool is_measuring_again() const { return again_; }
  [[nodiscard]] int occasions() const { return known_.occasions; }

  // Never checked, as long as it holds what a check did not believe: whoever reads it next checks it first.
  [[nodiscard]] Table table() const;
  // False until something was learnt that mark_saved() has not seen.
  [[nodiscard]] bool has_news() const { return has_news_; }
  void mark_saved() { has_news_ = false; }

  [[nodiscard]] const Build& build() const { return known_.build; }
  [[nodiscard]] std::size_t curves() const;  // of table(); costs as much as that after each change
  [[nodiscard]] std::size_t gemms() const { return gemms_; }
  [[nodiscard]] std::size_t uncertain() const { return uncertain_; }
  [[nodiscard]] std::int64_t measured_unix() const { return known_.measured_unix; }
  [[nodiscard]] std::int64_t checked_unix() const { return known_.checked_unix; }
  // Wall time that the table took in all.
  [[nodiscard]] double measured_seconds() const { return known_.spent_seconds + campaign_spent_; }
  [[nodiscard]] std::int64_t lost_bursts() const { return lost_; }

 private:
  void begin_campaign();
  [[nodiscard]] std::unique_ptr<Planner> make_planner(bool again);
  [[nodiscard]] Table believed() const;  // known_ without what is stale
  // Takes over what the planner has measured, and lets it go.
  void end_campaign();
  std::vector<BurstRequest> next_again(double seconds);
  void judge_check(std::int64_t now_unix);
  void conclude(const CanaryVerdict& verdict);
  void count();
  // Whether it was the planner there is that next() returned the last bursts of.
  [[nodiscard]] bool asked_planner() const {
    return planner_ && again_ == (asked_ == Purpose::measure_again);
  }

  Table known_;  // all but what the planner has measured since it was made
  UpkeepOptions options_;
  std::uint64_t seed_;
  std::unique_ptr<Planner> planner_;
  bool again_ = false;    // it measures what is settled
  std::set<Gemm> stale_;  // their curves are not believed any more, and kept until there are better ones
  std::optional<CanaryCheck> check_;
  std::vector<Curve> suspects_;  // their fresh bursts
  std::vector<Gemm> vouching_;   // sound canaries of the check that found them
  Purpose asked_ = Purpose::measure;
  std::size_t drifted_ = 0;
  mutable std::optional<std::size_t> curves_;  // nothing: to be counted
  std::size_t gemms_ = 0;
  std::size_t uncertain_ = 0;
  double campaign_spent_ = 0;  // by the planner there is
  std::int64_t lost_ = 0;
  std::int64_t lost_before_ = 0;  // by planners that are gone
  bool has_news_ = false;
};

}  // namespace blastune
