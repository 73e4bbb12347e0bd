// SPDX-License-Identifier: BSD-3-Clause
//
// What the service says: to its clients, to the service manager and to the log.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/service.h"

namespace blastune {
namespace {

constexpr double between_measure_requests_seconds = 60;
constexpr double lasting_seconds = 20;
constexpr double between_lines_seconds = 600;
constexpr double between_sentences_seconds = 10;  // whose figures alone have changed

std::string rounded(double seconds) {
  if (seconds < 90) return std::to_string(std::lround(seconds)) + " s";
  if (seconds < 5400) return std::to_string(std::lround(seconds / 60)) + " min";
  return std::to_string(std::lround(seconds / 3600)) + " h";
}

}  // namespace

std::string Service::wait_sentence(const Decision& decision) const {
  switch (decision.reason) {
    case WaitReason::none:
      return decision.watch_load ? "making sure that the machine is quiet"
                                 : "every table is as sure as it has to be";
    case WaitReason::budget:
      return "has spent its processor time; goes on in " + rounded(decision.seconds);
    case WaitReason::disturbed:
      return "was disturbed; making sure that the machine is quiet";
    case WaitReason::failing:
      if (!search_error_.empty()) return search_error_;
      return "leaves " + describe(builds_[decision.build].found.hello.build) +
             " alone for a while: " + builds_[decision.build].trouble;
    case WaitReason::no_library:
      return builds_.empty()
                 ? "no OpenBLAS is here; waits for one to be installed (Debian: libopenblas0-pthread)"
                 : "no OpenBLAS here can be tuned";
    case WaitReason::one_processor:
      return "one usable processor leaves no choice of a thread count";
    case WaitReason::cannot_write:
      return save_error_;
    case WaitReason::table_in_use:
      return options_.table_path + " is being changed by another program; waits for it to end";
    default:
      return busy_sentence_;
  }
}

void Service::say(Activity activity, WaitReason reason, std::string doing, std::optional<double> seconds) {
  const double awake = now().awake;
  if (activity != activity_ || reason != wait_reason_) state_since_ = awake;
  activity_ = activity;
  wait_reason_ = reason;
  doing_ = std::move(doing);
  wait_until_ = seconds ? std::optional(awake + *seconds) : std::nullopt;
  // Only what lasts is worth a line, and not every time that it does.
  const bool lasts = awake - state_since_ >= lasting_seconds || activity == Activity::settled;
  const bool is_new = activity != logged_activity_ || reason != logged_reason_;
  const bool is_time = awake - logged_ >= between_lines_seconds || activity == Activity::settled;
  if (!lasts || !is_new || !is_time || activity == Activity::measuring || activity == Activity::checking)
    return;
  logged_activity_ = activity;
  logged_reason_ = reason;
  logged_ = awake;
  edges_.log.info((activity == Activity::waiting ? "waits: " : "") + doing_);
}

void Service::tell_manager() {
  const double awake = now().awake;
  const bool is_new = activity_ != told_activity_ || wait_reason_ != told_reason_;
  if (!is_new && awake - told_manager_ < between_sentences_seconds) return;
  told_manager_ = awake;
  told_activity_ = activity_;
  told_reason_ = wait_reason_;
  notifier_.status(doing_);
}

ControlReply Service::answer(ControlRequest request, bool is_trusted) {
  if (request == ControlRequest::status) return status();
  if (!is_trusted) {
    return Refusal{RefusalKind::forbidden, "only root and members of the service's group may ask for that"};
  }
  if (request == ControlRequest::reload) {
    turn_needed_ = true;
    if (auto reloaded = reload(false); !reloaded)
      return Refusal{RefusalKind::failed, reloaded.error().text()};
    std::string told = "the configuration was read again";
    if (config_.files.empty()) told += "; there is no file, so what is built in holds";
    for (const auto& warning : config_.warnings) told += "; " + warning;
    return Accepted{told};
  }
  turn_needed_ = true;
  const double awake = now().awake;
  if (awake - measured_now_ < between_measure_requests_seconds) {
    return Refusal{RefusalKind::rate_limited,
                   "was asked for " + rounded(awake - measured_now_) + " ago; ask again in " +
                       rounded(between_measure_requests_seconds - (awake - measured_now_))};
  }
  measured_now_ = awake;
  scheduler_->grant(now());
  for (KnownBuild& build : builds_) {
    build.check_wanted = true;
    build.check_asked = build.checked_at.has_value();
    build.left_alone_until = -1e9;
  }
  return Accepted{"checks every table as soon as the machine is quiet, and measures what is open"};
}

DaemonStatus Service::status() const {
  DaemonStatus status;
  const Instant instant = now();
  status.version = options_.version;
  status.process_id = ::getpid();
  status.started_unix = started_unix_;
  status.now_unix = edges_.clock.unix_seconds();
  status.activity = activity_;
  status.wait_reason = wait_reason_;
  status.doing = doing_;
  if (wait_until_) status.wait_seconds = std::max(0.0, *wait_until_ - instant.awake);
  status.spent.cpu_share = config_.config.daemon.cpu_share;
  status.spent.allowed_per_hour = scheduler_->budget().hourly();
  status.spent.last_hour = scheduler_->spending().last_hour(instant.awake);
  status.spent.since_start = scheduler_->spending().total();
  status.spent.wall_since_start = slice_wall_seconds_;
  status.slices = slices_;
  status.disturbed_slices = disturbed_slices_;
  status.table_path = options_.table_path;
  status.last_save_error = save_error_;
  status.config_files = config_.files;
  status.config_warnings = config_.warnings;
  for (std::size_t i = 0; i < builds_.size(); ++i) {
    BuildStatus build = status_of(builds_[i], instant, config_.config.daemon.check_seconds);
    const bool is_measured = activity_ == Activity::measuring && prober_ && prober_build_ == i;
    const bool is_idle = build.state == BuildState::waiting || build.state == BuildState::settled;
    if (is_measured && is_idle) build.state = BuildState::measuring;
    status.builds.push_back(std::move(build));
    if (builds_[i].upkeep) status.lost_bursts += builds_[i].upkeep->lost_bursts();
  }
  status.unusable = unusable_;
  return status;
}

}  // namespace blastune
