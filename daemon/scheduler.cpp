// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/scheduler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace blastune {
namespace {

// What a service that was just started may spend, so that it can check the tables it finds.
constexpr double start_budget_seconds = 3;
constexpr double kept_for_a_check_seconds = 3;  // by a further occasion, which can wait and a check cannot
constexpr double granted_seconds = 20;

constexpr double quiet_seconds = 2;
constexpr int most_doublings = 3;
constexpr double look_seconds = 0.5;       // between looks while the machine is made sure to be quiet
constexpr double busy_look_seconds = 1;    // while it is busy
constexpr double look_is_old_seconds = 1;  // nothing is begun on an older one
constexpr double longest_look_seconds = 3;

// As long as run_tune() works and rests (ADR 5).
constexpr double work_between_rests = 0.75;
constexpr double rest_seconds = 0.15;

constexpr int most_occasions = 10;
constexpr double first_pause_seconds = 300;  // between the first occasion and the second
constexpr double pause_growth = 1.5;         // of each pause over the one before

constexpr double turn_seconds = 4;           // of work on one build before the next one gets its turn
constexpr double stretch_gap_seconds = 5;    // slices that are further apart belong to two stretches
constexpr double slices_of_a_stretch = 24;   // worth loading a library for
constexpr double look_again_seconds = 3600;  // when nothing but an event can bring work
constexpr double shortest_wait = 0.01;

// Instant::passed of the build's next occasion; nothing when there is to be none, or not yet.
std::optional<double> next_occasion(const BuildView& build) {
  if (!build.usable || build.uncertain > 0 || build.suspected || !build.measured_at) return std::nullopt;
  if (build.measuring_again) return *build.measured_at;
  if (build.occasions >= most_occasions) return std::nullopt;
  return *build.measured_at + first_pause_seconds * std::pow(pause_growth, build.occasions - 1);
}

}  // namespace

Scheduler::Scheduler(SchedulerOptions options, Instant now)
    : options_(options), budget_(options.cpu_share, start_budget_seconds) {
  budget_.advance(now.awake);
}

void Scheduler::change(const SchedulerOptions& options, Instant now) {
  options_ = options;
  budget_.set_share(options.cpu_share, now.awake);
}

void Scheduler::look(Instant now, double since, WaitReason busy) {
  // An average over a long time hides that the machine became busy at its end.
  const bool says_little = now.awake - since > longest_look_seconds;
  // Nor does anybody know how it was while nobody looked.
  if (since - looked_ > look_is_old_seconds) quiet_since_.reset();
  if (busy != WaitReason::none) {
    quiet_since_.reset();
  } else if (!quiet_since_ || says_little) {
    quiet_since_ = says_little ? now.awake : since;
  }
  busy_ = busy;
  looked_ = now.awake;
  has_looked_ = true;
}

void Scheduler::worked(double start, Instant now, const Decision& slice, bool disturbed) {
  if (start - worked_until_ >= rest_seconds) worked_since_rest_ = 0;
  if (current_ != slice.build || turn_worked_ >= turn_seconds) turn_worked_ = 0;
  current_ = slice.build;
  turn_worked_ += now.awake - start;
  // The slices of a check shall find the threads placed anew each time.
  worked_since_rest_ += slice.work == Decision::Work::check ? work_between_rests : now.awake - start;
  worked_until_ = now.awake;
  if (disturbed) {
    disturbed_in_a_row_ = std::min(disturbed_in_a_row_ + 1, most_doublings);
    quiet_since_.reset();
  } else {
    disturbed_in_a_row_ = 0;
  }
}

void Scheduler::spent(Instant now, double cpu_seconds, bool free) {
  budget_.advance(now.awake);
  spending_.add(now.awake, cpu_seconds);
  if (!free) budget_.spend(cpu_seconds);
}

void Scheduler::grant(Instant now) {
  budget_.advance(now.awake);
  if (budget_.available() < granted_seconds) budget_.grant(granted_seconds - budget_.available());
}

double Scheduler::slice_cost() const {
  return slice_seconds * std::max(1, options_.processors);
}

double Scheduler::stretch_cost() const {
  return std::min(slices_of_a_stretch * slice_cost(), budget_.hourly() / 2);
}

double Scheduler::kept_for_a_check() const {
  return std::min(kept_for_a_check_seconds, budget_.hourly() / 4);
}

bool Scheduler::is_check_due(Instant now, const BuildView& build) const {
  if (!build.checked_at) return false;
  return build.check_running || build.check_wanted ||
         now.passed - *build.checked_at >= options_.check_seconds;
}

double Scheduler::until_next_check(Instant now, std::span<const BuildView> builds) const {
  double soonest = look_again_seconds;
  for (const BuildView& build : builds) {
    if (build.usable && build.checked_at)
      soonest = std::min(soonest, *build.checked_at + options_.check_seconds - now.passed);
  }
  return std::max(shortest_wait, soonest);
}

double Scheduler::until_next_occasion(Instant now, std::span<const BuildView> builds) const {
  double soonest = look_again_seconds;
  for (const BuildView& build : builds) {
    if (const auto at = next_occasion(build)) soonest = std::min(soonest, *at - now.passed);
  }
  return soonest;
}

std::optional<std::size_t> Scheduler::build_to_check(Instant now, std::span<const BuildView> builds) const {
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (!builds[i].usable || !is_check_due(now, builds[i])) continue;
    // One that is begun is ended first.
    if (builds[i].check_running) return i;
    if (!chosen) chosen = i;
  }
  return chosen;
}

std::optional<std::size_t> Scheduler::build_to_measure(std::span<const BuildView> builds,
                                                       bool first_runs_only) const {
  const auto wants = [&](const BuildView& build) {
    return build.usable && build.uncertain > 0 &&
           (!first_runs_only ||
            (build.measured_seconds < options_.first_run_seconds && build.occasions == 1));
  };
  const bool has_turn = current_ && *current_ < builds.size() && turn_worked_ < turn_seconds;
  if (has_turn && wants(builds[*current_])) return current_;
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    if (wants(builds[i]) && (!chosen || builds[i].measured_seconds < builds[*chosen].measured_seconds))
      chosen = i;
  }
  return chosen;
}

std::optional<std::size_t> Scheduler::build_to_measure_again(Instant now, std::span<const BuildView> builds) {
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < builds.size(); ++i) {
    const auto at = next_occasion(builds[i]);
    if (!at || *at > now.passed) continue;
    // One that is begun is ended first.
    if (builds[i].measuring_again) return i;
    if (!chosen) chosen = i;
  }
  return chosen;
}

std::optional<Decision> Scheduler::not_yet(Instant now) const {
  Decision wait;
  wait.watch_load = true;
  const bool is_old = !has_looked_ || now.awake - looked_ > look_is_old_seconds;
  if (!is_old && busy_ != WaitReason::none) {
    wait.seconds = busy_look_seconds;
    wait.reason = busy_;
    return wait;
  }
  const double needed = quiet_seconds * std::exp2(disturbed_in_a_row_);
  if (is_old || !quiet_since_ || now.awake - *quiet_since_ < needed) {
    wait.seconds = look_seconds;
    wait.reason = disturbed_in_a_row_ > 0 ? WaitReason::disturbed : WaitReason::none;
    return wait;
  }
  const bool has_rested = now.awake - worked_until_ >= rest_seconds;
  if (worked_since_rest_ >= work_between_rests && !has_rested) {
    wait.seconds = std::max(shortest_wait, worked_until_ + rest_seconds - now.awake);
    wait.resting = true;
    wait.watch_load = false;
    return wait;
  }
  return std::nullopt;
}

Decision Scheduler::decide(Instant now, std::span<const BuildView> builds) const {
  CpuBudget budget = budget_;
  budget.advance(now.awake);
  Decision decision;
  const auto check = build_to_check(now, builds);
  const auto first = build_to_measure(builds, true);
  const auto any = build_to_measure(builds, false);
  const auto again = build_to_measure_again(now, builds);
  const bool in_stretch = now.awake - worked_until_ <= stretch_gap_seconds;
  const double level = in_stretch ? std::min(slice_cost(), stretch_cost()) : stretch_cost();
  // A check costs little and comes first; it waits only while the budget is overdrawn.
  if (check && budget.available() >= 0) {
    decision.work = Decision::Work::check;
    decision.build = *check;
  } else if (first) {
    decision.work = Decision::Work::measure;
    decision.build = *first;
    decision.first_run = true;
  } else if (any && budget.available() >= level) {
    decision.work = Decision::Work::measure;
    decision.build = *any;
  } else if (check || any) {
    decision.reason = WaitReason::budget;
    const double wait = budget.seconds_until(check ? 0 : stretch_cost());
    decision.seconds =
        std::clamp(wait, shortest_wait, check ? look_again_seconds : until_next_check(now, builds));
    return decision;
  } else if (again && budget.available() >= level + kept_for_a_check()) {
    decision.work = Decision::Work::measure_again;
    decision.build = *again;
  } else {
    // An occasion that has to wait for the budget leaves every table as sure as it has to be.
    const double occasion =
        std::max(until_next_occasion(now, builds), budget.seconds_until(stretch_cost() + kept_for_a_check()));
    decision.seconds = std::max(shortest_wait, std::min(until_next_check(now, builds), occasion));
    // What is open for a build whose worker fails is not settled.
    const auto failing = std::ranges::find_if(builds, [&](const BuildView& build) {
      return !build.usable && (build.uncertain > 0 || is_check_due(now, build));
    });
    if (failing != builds.end()) {
      decision.reason = WaitReason::failing;
      decision.build = static_cast<std::size_t>(failing - builds.begin());
      if (failing->usable_in > 0) decision.seconds = std::min(decision.seconds, failing->usable_in);
    }
    return decision;
  }
  if (const auto wait = not_yet(now)) {
    Decision later = *wait;
    later.build = decision.build;
    later.first_run = decision.first_run;
    return later;
  }
  decision.seconds = slice_seconds;
  return decision;
}

}  // namespace blastune
