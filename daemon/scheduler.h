// SPDX-License-Identifier: BSD-3-Clause
//
// Decides what the service does next: a slice of measuring, a slice of checking, or waiting, and why. Pure:
// a function of the times, loads and tables it is told of; it knows no clock, file or process, and the same
// story gets the same decisions. Days of a machine's life are tested in milliseconds.
//
//  - Work is done only on a machine that has been quiet for a while: two seconds, doubled after each slice
//    that others disturbed, up to sixteen.
//  - A build that is new gets `first_run_seconds` of measuring at once. After that everything is paid from
//    a budget that flows in at `cpu_share` of one core; it is let grow, so that a library is loaded for a
//    stretch of slices and not for one.
//  - A table is checked every `check_seconds`, and when something happened that may have changed the times.
//  - What is settled is measured again on further occasions (docs/adr/0013-occasions.md): after five minutes,
//    then after half as long again each time, ten occasions in all.
//  - Between stretches of work it rests, as every tune does (docs/adr/0005-resting-between-stretches.md); in
//  a
//    check after every slice.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "control/daemon_status.h"
#include "daemon/budget.h"

namespace blastune {

inline constexpr double slice_seconds = 0.25;

// The machine's time as two clocks that nobody can set.
struct Instant {
  double awake = 0;   // seconds the machine was not suspended
  double passed = 0;  // suspended or not
};

struct SchedulerOptions {
  double cpu_share = 0.01;
  double first_run_seconds = 40;
  double check_seconds = 6 * 3600;
  int processors = 2;  // that a slice can keep busy
};

// What the scheduler has to know of a build and its table.
struct BuildView {
  bool usable = true;                 // false: its worker fails; it is left alone for now
  double usable_in = 0;               // seconds until it is tried again; 0: not by itself
  std::size_t uncertain = 0;          // gemms whose best count is open
  double measured_seconds = 0;        // that its table took so far, with what was thrown away
  int occasions = 1;                  // on which all of its table was measured
  bool measuring_again = false;       // a further one has begun
  std::optional<double> measured_at;  // Instant::passed of the last sample; nothing: there is none
  bool check_running = false;         // canaries are out and not judged yet
  bool check_wanted = false;          // something happened
  bool suspected = false;             // the last check found something that the next one is to confirm
  std::optional<double> checked_at;   // Instant::passed of the last check; nothing: there is nothing to check
};

struct Decision {
  enum class Work { wait, measure, measure_again, check };
  Work work = Work::wait;
  std::size_t build = 0;                 // index, for work; which one it is that fails
  double seconds = 0;                    // the slice's length; or when to ask again at the latest
  WaitReason reason = WaitReason::none;  // of a wait
  bool first_run = false;                // not paid from the budget
  bool watch_load = false;               // ask again with a fresh look at the load
  bool resting = false;                  // a wait that is part of the work
};

class Scheduler {
 public:
  Scheduler(SchedulerOptions options, Instant now);

  void change(const SchedulerOptions& options, Instant now);
  // How others behaved from `since` until now (awake seconds); WaitReason::none is quiet.
  void look(Instant now, double since, WaitReason busy);
  // A slice has ended that began at `start`. disturbed: its samples were thrown away.
  void worked(double start, Instant now, const Decision& slice, bool disturbed);
  // Processor time that the service and its workers took, whatever for. free: told, but not paid from the
  // budget, as first runs are.
  void spent(Instant now, double cpu_seconds, bool free);
  // Somebody asked for measuring now: enough budget for a stretch of it.
  void grant(Instant now);
  // The builds were listed anew: their indices mean others now.
  void forget_current() { current_.reset(); }

  [[nodiscard]] Decision decide(Instant now, std::span<const BuildView> builds) const;

  [[nodiscard]] const CpuBudget& budget() const { return budget_; }
  [[nodiscard]] const HourlySpending& spending() const { return spending_; }

 private:
  [[nodiscard]] bool is_check_due(Instant now, const BuildView& build) const;
  [[nodiscard]] double until_next_check(Instant now, std::span<const BuildView> builds) const;
  [[nodiscard]] double until_next_occasion(Instant now, std::span<const BuildView> builds) const;
  [[nodiscard]] double slice_cost() const;
  [[nodiscard]] double stretch_cost() const;
  [[nodiscard]] double kept_for_a_check() const;
  [[nodiscard]] std::optional<std::size_t> build_to_check(Instant now,
                                                          std::span<const BuildView> builds) const;
  [[nodiscard]] std::optional<std::size_t> build_to_measure(std::span<const BuildView> builds,
                                                            bool first_runs_only) const;
  [[nodiscard]] static std::optional<std::size_t> build_to_measure_again(Instant now,
                                                                         std::span<const BuildView> builds);
  // Whether the machine lets work be done; otherwise the wait.
  [[nodiscard]] std::optional<Decision> not_yet(Instant now) const;

  SchedulerOptions options_;
  CpuBudget budget_;
  HourlySpending spending_;

  std::optional<double> quiet_since_;  // awake seconds
  double looked_ = 0;
  bool has_looked_ = false;
  WaitReason busy_ = WaitReason::none;  // at the last look
  int disturbed_in_a_row_ = 0;

  std::optional<std::size_t> current_;  // the build that is being measured
  double turn_worked_ = 0;              // seconds of work on it in its turn
  double worked_until_ = -1e9;
  double worked_since_rest_ = 0;
};

}  // namespace blastune
