// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/toy_service.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace blastune {
namespace {

constexpr std::size_t gemms_of_a_build = 120;
constexpr std::size_t canaries = 6;
constexpr int slices_of_a_check = 4;
constexpr int slices_of_an_occasion = 30;
constexpr double hang_seconds = 5;

}  // namespace

ToyService::ToyService(Story story, SchedulerOptions options)
    : machine_(std::move(story)), options_(options), scheduler_(options, {}) {}

void ToyService::problem(const std::string& what) {
  std::ostringstream text;
  text << "after " << machine_.passed() << " s: " << what;
  if (report_.problems.size() < 20) report_.problems.push_back(text.str());
}

WaitReason ToyService::unready() const {
  if (machine_.state().on_battery) return WaitReason::battery;
  return WaitReason::none;
}

// Reads the load from the last reading until now.
void ToyService::look() {
  const bool is_busy = machine_.busy_until() > read_at_ || machine_.others() > undisturbed_cores;
  WaitReason reason = unready();
  if (is_busy) reason = WaitReason::others_busy;
  scheduler_.look(now(), read_at_, reason);
  looked_at_ = read_at_ = machine_.awake();
}

StoryFacts ToyService::facts(const Decision& decision) const {
  StoryFacts facts;
  facts.wait = decision.reason;
  facts.slices = slices_;
  facts.disturbed = disturbed_;
  facts.drifted = drifted_;
  facts.spent = scheduler_.spending().total();
  facts.last_hour = scheduler_.spending().last_hour(machine_.awake());
  bool is_open = false;
  for (const ToyBuild& build : builds_) {
    ++facts.builds;
    if (build.view.usable) ++facts.usable;
    if (build.view.uncertain == 0) ++facts.certain;
    is_open = is_open || build.view.uncertain > 0 || build.view.check_running || build.view.check_wanted;
    facts.measured_seconds += build.view.measured_seconds;
    if (build.view.checked_at) {
      facts.seconds_unchecked =
          std::max(facts.seconds_unchecked.value_or(0), machine_.passed() - *build.view.checked_at);
    }
  }
  if (decision.work == Decision::Work::measure || decision.work == Decision::Work::measure_again) {
    facts.activity = Activity::measuring;
  } else if (decision.work == Decision::Work::check) {
    facts.activity = Activity::checking;
  } else if (machine_.state().processors < 2) {
    facts.activity = Activity::nothing_to_tune;
    facts.wait = WaitReason::one_processor;
  } else if (builds_.empty()) {
    facts.activity = Activity::waiting;
    facts.wait = WaitReason::no_library;
  } else if (facts.usable == 0) {
    facts.activity = Activity::waiting;
    facts.wait = WaitReason::failing;
  } else if (is_open) {
    facts.activity = Activity::waiting;
  } else {
    facts.activity = Activity::settled;
  }
  return facts;
}

void ToyService::check_promises(const Decision& decision) {
  const double awake = machine_.awake();
  if (!std::isfinite(decision.seconds) || decision.seconds <= 0) problem("a time that is none");
  if (decision.work == Decision::Work::wait && decision.seconds > 3600) problem("a wait of hours");
  const double wake_before = wakes_.at(report_.decisions % wakes_.size());
  if (report_.decisions >= wakes_.size() && awake - wake_before < 5) problem("decides without a pause");
  wakes_.at(report_.decisions % wakes_.size()) = awake;
  ++report_.decisions;
  report_.trace.insert(report_.trace.end(), {machine_.awake(), static_cast<double>(decision.work),
                                             static_cast<double>(decision.build), decision.seconds,
                                             static_cast<double>(decision.reason)});
  for (const ToyBuild& build : builds_) {
    if (build.view.usable && build.view.checked_at) {
      report_.longest_unchecked =
          std::max(report_.longest_unchecked, machine_.passed() - *build.view.checked_at);
    }
  }
  if (decision.work == Decision::Work::wait) return;
  if (looked_at_ < 0 || awake - looked_at_ > 1) problem("works on an old look");
  const double needed = 2 * std::exp2(disturbed_in_a_row_);
  // The look at the start of a quiet time may be a moment older than the time itself.
  if (looked_at_ - machine_.busy_until() < needed - 1e-6)
    problem("works before it was quiet for long enough");
  if (decision.build >= builds_.size() || !builds_[decision.build].view.usable) problem("works on no build");
}

// In no hour more than the share, but for one overdraw; the last payment of an hour is the overdraw.
void ToyService::check_budget() {
  double sum = 0;
  std::size_t first = 0;
  for (std::size_t i = 0; i < payments_.size(); ++i) {
    while (payments_[first].at < payments_[i].at - 3600) sum -= payments_[first++].seconds;
    if (sum > options_.cpu_share * 3600 + granted_ + slice_seconds * options_.processors + 1e-6) {
      std::ostringstream text;
      text << "the hour until " << payments_[i].at << " s took " << sum + payments_[i].seconds << " s";
      problem(text.str());
      return;
    }
    sum += payments_[i].seconds;
  }
}

void ToyService::want_checks() {
  for (ToyBuild& build : builds_) build.view.check_wanted = build.view.checked_at.has_value();
}

void ToyService::find_libraries() {
  const auto& libraries = machine_.state().libraries;
  for (std::size_t i = builds_.size(); i-- > 0;) {
    const auto found = libraries.find(builds_[i].name);
    if (found != libraries.end() && found->second == builds_[i].version) continue;
    forgotten_[builds_[i].name + std::to_string(builds_[i].version)] = builds_[i];
    builds_.erase(builds_.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (const auto& library : libraries) {
    const std::string& name = library.first;
    const int version = library.second;
    if (std::any_of(builds_.begin(), builds_.end(), [&](const auto& b) { return b.name == name; })) continue;
    const auto known = forgotten_.find(name + std::to_string(version));
    if (known != forgotten_.end()) {
      builds_.push_back(known->second);
    } else {
      ToyBuild build;
      build.name = name;
      build.version = version;
      build.view.uncertain = gemms_of_a_build;
      builds_.push_back(build);
    }
  }
  // As the service will list them: by name, whoever came first.
  std::sort(builds_.begin(), builds_.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  scheduler_.forget_current();
}

void ToyService::carry_out(const StoryLine& line, const Decision& decision) {
  if (line.verb == "expect") {
    const std::string wrong = violated(line, facts(decision));
    if (!wrong.empty()) problem(wrong);
  } else if (line.verb == "library") {
    find_libraries();
    want_checks();
  } else if (line.verb == "suspend" || line.verb == "governor") {
    want_checks();
  } else if (line.verb == "cpus" || line.verb == "quota") {
    options_.processors = machine_.state().processors;
    scheduler_.change(options_, now());
    want_checks();
  } else if (line.verb == "ask" && line.words[0] == "measure-now") {
    scheduler_.grant(now());
    granted_ += 20;
  } else if (line.verb == "restart") {
    check_budget();
    scheduler_ = Scheduler(options_, now());
    looked_at_ = -1;
    disturbed_in_a_row_ = 0;
    payments_.clear();
  }
}

void ToyService::carry_out_lines(const Decision& decision) {
  while (const StoryLine* line = machine_.take_due()) carry_out(*line, decision);
}

void ToyService::wait(const Decision& decision) {
  // A reading that was taken long ago says little; what counts begins now.
  if (decision.watch_load && machine_.awake() - read_at_ > 1) read_at_ = machine_.awake();
  double left = decision.seconds;
  for (const ToyBuild& build : builds_) {
    if (!build.view.usable) left = std::min(left, std::max(0.01, build.retry_at - machine_.awake()));
  }
  machine_.advance(left);
  carry_out_lines(decision);
  if (decision.watch_load) look();
}

void ToyService::end_check(ToyBuild& build) {
  build.check_slices = 0;
  build.view.check_running = false;
  build.view.check_wanted = false;
  build.view.measuring_again = false;
  build.again_slices = 0;
  build.view.checked_at = machine_.passed();
  const ScriptedState& state = machine_.state();
  if (build.slowdown == state.slowdown && build.flips == state.flips) return;
  build.slowdown = state.slowdown;
  build.flips = state.flips;
  build.view.uncertain += canaries;
  build.view.occasions = 1;
  ++drifted_;
}

void ToyService::finish_slice(ToyBuild& build, const Decision& decision, double start, bool disturbed) {
  if (decision.work == Decision::Work::check) {
    build.view.check_running = true;
    if (!disturbed && ++build.check_slices == slices_of_a_check) end_check(build);
    return;
  }
  ++slices_;
  if (disturbed) ++disturbed_;
  build.view.measured_seconds += machine_.awake() - start;
  if (disturbed) return;
  if (!build.view.checked_at) build.view.checked_at = machine_.passed();
  build.view.measured_at = machine_.passed();
  if (decision.work == Decision::Work::measure_again) {
    build.view.measuring_again = ++build.again_slices < slices_of_an_occasion;
    if (build.view.measuring_again) return;
    build.again_slices = 0;
    ++build.view.occasions;
    report_.occasions.push_back(machine_.passed());
    return;
  }
  if (build.view.uncertain > 0) --build.view.uncertain;
}

// Work on one build while another has had less of it.
void ToyService::count_turn(std::size_t index, double seconds) {
  const double measured = builds_[index].view.measured_seconds;
  const bool is_ahead = std::any_of(builds_.begin(), builds_.end(), [&](const ToyBuild& build) {
    return build.view.usable && build.view.uncertain > 0 && build.view.measured_seconds < measured;
  });
  if (turn_of_ != builds_[index].name) turn_ = 0;
  turn_of_ = builds_[index].name;
  turn_ = is_ahead ? turn_ + seconds : 0;
  report_.longest_turn = std::max(report_.longest_turn, turn_);
}

void ToyService::work(const Decision& decision) {
  const double start = machine_.awake();
  const std::string name = builds_[decision.build].name;
  const std::string mood = machine_.state().worker;
  const double seconds = mood == "hangs" ? hang_seconds : mood == "crashes" ? 0.05 : decision.seconds;
  count_turn(decision.build, seconds);
  while (machine_.awake() < start + seconds) {
    machine_.advance(start + seconds - machine_.awake());
    carry_out_lines(decision);
  }
  const bool disturbed = machine_.busy_until() > start;
  scheduler_.worked(start, now(), decision, disturbed);
  look();
  disturbed_in_a_row_ = disturbed ? std::min(disturbed_in_a_row_ + 1, 3) : 0;
  const double cpu_seconds = mood == "hangs" ? 0.01 : seconds * (1 + 0.5 * (options_.processors - 1));
  scheduler_.spent(now(), cpu_seconds, decision.first_run);
  if (!decision.first_run) payments_.push_back({machine_.awake(), cpu_seconds});
  // The library may be gone by now.
  const auto build =
      std::find_if(builds_.begin(), builds_.end(), [&](const auto& b) { return b.name == name; });
  if (build == builds_.end()) return;
  if (mood == "ok") {
    build->failures = 0;
    finish_slice(*build, decision, start, disturbed);
  } else {
    build->failures = std::min(build->failures + 1, 8);
    build->view.usable = false;
    build->view.check_running = false;
    build->retry_at = machine_.awake() + 10 * std::exp2(build->failures);
  }
}

ToyReport ToyService::live() {
  carry_out_lines({});
  while (!machine_.is_over()) {
    std::vector<BuildView> views;
    for (ToyBuild& build : builds_) {
      if (machine_.awake() >= build.retry_at) build.view.usable = true;
      views.push_back(build.view);
      views.back().usable_in = std::max(0.0, build.retry_at - machine_.awake());
      if (machine_.state().processors < 2) views.back().usable = false;
    }
    Decision decision = scheduler_.decide(now(), views);
    // As the service does: nothing is begun without a look at the time since the last one.
    if (decision.work != Decision::Work::wait && machine_.awake() - read_at_ >= 0.1) {
      look();
      decision = scheduler_.decide(now(), views);
    }
    check_promises(decision);
    if (decision.work == Decision::Work::wait) {
      wait(decision);
    } else {
      work(decision);
    }
    report_.facts = facts(decision);
  }
  check_budget();
  return report_;
}

}  // namespace blastune
