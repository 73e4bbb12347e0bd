// SPDX-License-Identifier: BSD-3-Clause
//
// The work of the service: looking for builds, and slices of measuring and checking.
#include <sys/epoll.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/service.h"

namespace blastune {
namespace {

constexpr double search_retry_seconds = 30;
constexpr double longest_search_pause_seconds = 3600;
constexpr int most_doublings = 10;
constexpr double prober_idle_seconds = 5;
// The worker is killed when a burst takes this long without saying anything; a tune at a terminal can wait
// for longer.
constexpr double hung_seconds = 5;
// Above it a slice is thrown away as a whole: what disturbed some bursts did not spare the others.
constexpr double tolerated_disturbed_share = 0.5;
constexpr double shortest_look_seconds = 0.1;  // over less the kernel's counters are too coarse
constexpr int decisions_in_a_row = 8;
constexpr double breath_seconds = 1;
constexpr double second_check_seconds = 300;  // after a check that found something
constexpr double until_something_changes = 3600;

double disturbed_share(const std::vector<BurstRequest>& requests, const WorkerProber::Answers& answers) {
  std::size_t answered = 0;
  std::size_t disturbed = 0;
  for (std::size_t i = 0; i < requests.size() && i < answers.size(); ++i) {
    if (!answers[i]) continue;
    ++answered;
    if (is_disturbed(requests[i], answers[i]->context)) ++disturbed;
  }
  return answered == 0 ? 0 : static_cast<double>(disturbed) / static_cast<double>(answered);
}

BuildUpkeep::Purpose purpose_of(Decision::Work work) {
  if (work == Decision::Work::check) return BuildUpkeep::Purpose::check;
  return work == Decision::Work::measure_again ? BuildUpkeep::Purpose::measure_again
                                               : BuildUpkeep::Purpose::measure;
}

}  // namespace

double Service::work() {
  if (search_) {
    auto outcome = search_->advance();
    if (!outcome) return search_->deadline() - now().awake;
    end_search(std::move(*outcome));
  }
  if (prober_) advance_prober();
  if (prober_ && prober_->busy()) return prober_->deadline() - now().awake;
  look_around();
  save_when_due(false);
  // What is found is joined with what the table holds.
  if (keeper_ && search_wanted_ && now().awake >= search_after_) {
    begin_search();
    return 0;
  }
  if (const auto obstacle = find_obstacle()) return wait(*obstacle);

  for (int i = 0; i < decisions_in_a_row; ++i) {
    const auto facts = views(builds_, now());
    Decision decision = scheduler_->decide(now(), facts);
    if (decision.watch_load && now().awake >= next_look_) {
      const auto look = load_->look(own_seconds(), false);
      busy_sentence_ = look.sentence;
      scheduler_->look(now(), look.since, look.busy);
      decision = scheduler_->decide(now(), facts);
      next_look_ = now().awake + decision.seconds;
    }
    if (decision.work == Decision::Work::wait) return wait(decision);
    next_look_ = 0;
    in_first_run_ = decision.first_run;
    if (!have_prober(decision.build)) return prober_ ? prober_->deadline() - now().awake : breath_seconds;
    if (begin_slice(decision)) return prober_->deadline() - now().awake;
    save_when_due(false);
  }
  return breath_seconds;
}

// What keeps it from working whatever the scheduler says.
std::optional<Decision> Service::find_obstacle() const {
  Decision decision;
  const double awake = now().awake;
  decision.seconds = std::max(0.1, save_again_ - awake);
  if (!save_error_.empty()) {
    decision.reason = WaitReason::cannot_write;
  } else if (!keeper_) {
    decision.reason = WaitReason::table_in_use;
  } else if (counts_.size() < 2) {
    decision.reason = WaitReason::one_processor;
    decision.seconds = until_something_changes;
  } else if (search_wanted_ && !has_searched_) {
    decision.reason = WaitReason::failing;
    decision.seconds = std::max(0.1, search_after_ - awake);
  } else if (std::ranges::none_of(builds_, [](const KnownBuild& build) { return build.upkeep != nullptr; })) {
    decision.reason = WaitReason::no_library;
    decision.seconds = until_something_changes;
  } else {
    return std::nullopt;
  }
  return decision;
}

double Service::wait(const Decision& decision) {
  double seconds = decision.seconds;
  if (decision.resting) return seconds;
  in_first_run_ = decision.first_run;
  if (prober_) {
    const double idle = now().awake - prober_used_;
    if (idle >= prober_idle_seconds) {
      release_prober();
    } else {
      seconds = std::min(seconds, prober_idle_seconds - idle);
    }
  }
  if (keeper_ && search_wanted_) seconds = std::min(seconds, std::max(0.0, search_after_ - now().awake));
  const bool is_settled = decision.reason == WaitReason::none && !decision.watch_load;
  const bool has_nothing =
      decision.reason == WaitReason::no_library || decision.reason == WaitReason::one_processor;
  const Activity activity = is_settled    ? Activity::settled
                            : has_nothing ? Activity::nothing_to_tune
                                          : Activity::waiting;
  // What only an event can end has no time.
  say(activity, decision.reason, wait_sentence(decision),
      has_nothing ? std::nullopt : std::optional(decision.seconds));
  return seconds;
}

void Service::begin_search() {
  release_prober();
  // What comes or goes from here on differs from it, and is seen by the next look: a library that is away
  // during the search and back before that look too.
  take_in_changes();
  search_wanted_ = false;
  say(Activity::searching, WaitReason::none, "looking for OpenBLAS builds", std::nullopt);
  search_ = std::make_unique<BuildSearch>(worker_, places());
  watch_worker(search_->ready_fd());
}

void Service::end_search(Result<Discovery> outcome) {
  watch_worker(-1);
  search_.reset();
  if (!outcome) {
    if (search_error_ != outcome.error().text()) edges_.log.error(outcome.error());
    search_error_ = outcome.error().text();
    search_wanted_ = true;
    search_after_ = now().awake + search_retry_seconds;
    return;
  }
  const bool is_first = !std::exchange(has_searched_, true);
  search_error_.clear();
  const bool knew_some = !builds_.empty();
  save_when_due(true);  // a build that is gone takes along what is not saved
  auto reconciled = reconcile(builds_, std::move(outcome->builds), outcome->unusable,
                              [this](const WorkerHello& library) { return make_upkeep(library); });
  scheduler_->forget_current();
  for (const std::size_t index : reconciled.added) {
    KnownBuild& build = builds_[index];
    const std::string name = describe(build.found.hello.build) + ", " + build.found.hello.build.path;
    if (!build.upkeep) {
      edges_.log.info("left alone: " + name + ": " + build.unusable);
      continue;
    }
    const Table table = build.upkeep->table();
    if (!table.curves.empty()) {
      build.checked_at = instant_of(table.checked_unix);
      build.measured_at = instant_of(table.measured_unix);
    }
    // What came while this runs came with something else, a package or a link.
    build.check_wanted = !is_first;
    edges_.log.info("keeps a table for " + name + ": " + std::to_string(table.curves.size()) + " curves, " +
                    std::to_string(build.upkeep->uncertain()) + " of " +
                    std::to_string(build.upkeep->gemms()) + " gemms open");
  }
  for (const Build& gone : reconciled.gone) edges_.log.info("gone: " + describe(gone) + ", " + gone.path);
  unusable_.clear();
  for (const auto& library : outcome->unusable) unusable_.push_back({library.name, library.error.what});
  const bool may_be_more = std::ranges::any_of(
      outcome->unusable, [](const UnusableLibrary& library) { return may_pass(library.error); });
  if (may_be_more) {
    search_wanted_ = true;
    search_after_ =
        now().awake + std::min(longest_search_pause_seconds,
                               search_retry_seconds * std::exp2(std::min(searches_in_vain_, most_doublings)));
    ++searches_in_vain_;
  } else {
    searches_in_vain_ = 0;
  }
  if (builds_.empty() && (knew_some || !told_no_library_)) {
    told_no_library_ = true;
    std::string tried;
    for (const auto& library : outcome->unusable) {
      if (library.name.starts_with('/')) tried += "; " + library.error.what;
    }
    edges_.log.warning("no OpenBLAS is here; waits for one to be installed (Debian: libopenblas0-pthread)" +
                       tried);
  }
}

void Service::watch_worker(int descriptor) {
  if (watched_ >= 0) loop_->remove(watched_);
  watched_ = descriptor;
  if (descriptor < 0) return;
  // The turn of the loop that follows asks the worker's owner to go on.
  if (auto added = loop_->add(descriptor, EPOLLIN, [this](std::uint32_t) { turn_needed_ = true; }); !added)
    edges_.log.error(added.error());
}

bool Service::have_prober(std::size_t index) {
  if (prober_ && prober_build_ == index) return prober_is_loaded_;
  release_prober();
  KnownBuild& build = builds_[index];
  WorkerProberOptions options;
  options.max_operand_bytes = config_.config.max_operand_bytes;
  options.least_burst_seconds = hung_seconds;
  const std::string& path = build.found.hello.build.path;
  auto launched = WorkerProber::launch(worker_, path.empty() ? build.found.names.front() : path, options);
  if (!launched) {
    // Its file may be gone; the search that follows sees what there is now.
    note_failure(build, launched.error().what, now());
    edges_.log.error(launched.error().what);
    search_wanted_ = true;
    search_after_ = now().awake;
    return false;
  }
  prober_ = std::move(launched).value();
  prober_build_ = index;
  prober_is_loaded_ = false;
  prober_used_ = now().awake;
  watch_worker(prober_->ready_fd());
  return false;
}

void Service::release_prober() {
  if (!prober_) return;
  // A slice that is under way is asked for again.
  if (slice_) {
    builds_[slice_->decision.build].upkeep->discard(slice_->requests, now().awake - slice_->start);
    slice_.reset();
  }
  account();
  watch_worker(-1);
  prober_.reset();
}

void Service::fail_prober(const Error& error) {
  KnownBuild& build = builds_[prober_build_];
  if (build.trouble != error.text())
    edges_.log.error(describe(build.found.hello.build) + ": " + error.text());
  const bool learnt = slice_ && end_slice_early(prober_->take_unfinished());
  if (learnt) build.failures = 0;
  note_failure(build, error.text(), now());
  release_prober();
}

// What was answered or lost before the prober failed counts: asked again and again, the same bursts would
// keep it from all others. True when something was answered.
bool Service::end_slice_early(const WorkerProber::Answers& answers) {
  const Slice slice = std::move(*slice_);
  slice_.reset();
  account();
  const std::span<const BurstRequest> requests = slice.requests;
  const std::size_t done = std::min(answers.size(), requests.size());
  BuildUpkeep& upkeep = *builds_[slice.decision.build].upkeep;
  const bool was_checking = upkeep.is_checking();
  ++slices_;
  upkeep.record(requests.first(done), answers, now().awake - slice.start, edges_.clock.unix_seconds());
  upkeep.discard(requests.subspan(done), 0);
  note_measured(builds_[slice.decision.build], slice.decision.work);
  if (was_checking && !upkeep.is_checking()) note_checked(slice.decision.build);
  scheduler_->worked(slice.start, now(), slice.decision, false);
  return std::ranges::any_of(answers, [](const auto& answer) { return answer.has_value(); });
}

void Service::note_measured(KnownBuild& build, Decision::Work work) {
  if (work != Decision::Work::check) build.measured_at = now().passed;
}

void Service::note_checked(std::size_t index) {
  KnownBuild& build = builds_[index];
  build.checked_at = now().passed;
  const std::size_t suspects = build.upkeep->suspects();
  if (suspects > 0) {
    const double check_seconds = config_.config.daemon.check_seconds;
    const double pause = build.check_asked ? 0 : std::min(second_check_seconds, check_seconds);
    *build.checked_at -= check_seconds - pause;
    edges_.log.info(describe(build.upkeep->build()) + " may not be as its table says any more: " +
                    std::to_string(suspects) + (suspects == 1 ? " gemm is" : " gemms are") +
                    " to be checked again in " + std::to_string(std::lround(pause)) + " s");
  }
  if (suspects == 0) build.check_asked = false;
  if (build.upkeep->drifted_last_check() == 0) return;
  edges_.log.info(describe(build.upkeep->build()) + " is not as its table says any more; " +
                  std::to_string(build.upkeep->uncertain()) + " gemms are measured again");
}

void Service::advance_prober() {
  auto outcome = prober_->advance();
  if (!outcome) return;
  prober_used_ = now().awake;
  if (!*outcome) return fail_prober(outcome->error());
  if (prober_is_loaded_) {
    if (slice_) end_slice(std::move(**outcome));
    return;
  }
  prober_is_loaded_ = true;
  const WorkerHello& expected = builds_[prober_build_].found.hello;
  if (same_build(prober_->build(), expected.build) && prober_->setter() == expected.setter) return;
  // The search sees what it is now. A library that is another each time must not keep us searching.
  const std::string what = expected.build.path + " became another build";
  edges_.log.info(what);
  note_failure(builds_[prober_build_], what, now());
  release_prober();
  search_wanted_ = true;
  search_after_ = now().awake;
}

// False when there was nothing to ask for: what is open has changed.
bool Service::begin_slice(const Decision& decision) {
  KnownBuild& build = builds_[decision.build];
  BuildUpkeep& upkeep = *build.upkeep;
  const auto look = load_->look(own_seconds(), true);
  if (look.busy != WaitReason::none && look.until - look.since >= shortest_look_seconds) {
    // Since the scheduler was told last, as while the library was loaded.
    busy_sentence_ = look.sentence;
    scheduler_->look(now(), look.since, look.busy);
    return false;
  }
  const bool is_check = decision.work == Decision::Work::check;
  const bool is_again = decision.work == Decision::Work::measure_again;
  if (is_again && !upkeep.is_measuring_again()) {
    upkeep.begin_again();
    build.measured_at = now().passed;
  }
  if (is_check) {
    build.check_wanted = false;
    if (!upkeep.is_checking()) upkeep.begin_check(edges_.clock.unix_seconds());
  }
  Slice slice{decision, {}, 0};
  slice.requests = upkeep.next(purpose_of(decision.work), decision.seconds);
  if (slice.requests.empty()) {
    if (is_check) {
      build.checked_at = now().passed;
      build.check_asked = false;
    }
    return false;
  }
  say(is_check ? Activity::checking : Activity::measuring, WaitReason::none,
      (is_check   ? "checking the table of "
       : is_again ? "measuring again, on another occasion, "
                  : "measuring ") +
          describe(upkeep.build()),
      std::nullopt);
  slice.start = now().awake;
  if (auto asked = prober_->ask(slice.requests); !asked) {
    upkeep.discard(slice.requests, 0);
    fail_prober(asked.error());
    return false;
  }
  slice_ = std::move(slice);
  return true;
}

void Service::end_slice(WorkerProber::Answers answers) {
  const Slice slice = std::move(*slice_);
  slice_.reset();
  account();
  KnownBuild& build = builds_[slice.decision.build];
  BuildUpkeep& upkeep = *build.upkeep;
  const auto look = load_->look(own_seconds(), true);
  const Instant ended = now();
  const double elapsed = ended.awake - slice.start;
  const double share = disturbed_share(slice.requests, answers);
  const bool disturbed = look.busy != WaitReason::none || share > tolerated_disturbed_share;
  ++slices_;
  slice_wall_seconds_ += elapsed;
  busy_sentence_ = look.sentence;
  if (disturbed) {
    ++disturbed_slices_;
    edges_.log.debug("a slice of " + std::to_string(elapsed) + " s is thrown away: " + std::to_string(share) +
                     " of its bursts disturbed" + (look.sentence.empty() ? "" : ", " + look.sentence));
    upkeep.discard(slice.requests, elapsed);
  } else {
    const bool was_checking = upkeep.is_checking();
    upkeep.record(slice.requests, answers, elapsed, edges_.clock.unix_seconds());
    note_measured(build, slice.decision.work);
    if (std::ranges::any_of(answers, [](const auto& answer) { return answer.has_value(); })) {
      build.failures = 0;
      build.trouble.clear();
    }
    if (was_checking && !upkeep.is_checking()) note_checked(slice.decision.build);
  }
  scheduler_->worked(slice.start, ended, slice.decision, disturbed);
  scheduler_->look(ended, disturbed ? ended.awake : slice.start, look.busy);
}

}  // namespace blastune
