// SPDX-License-Identifier: BSD-3-Clause
//
// Start, loop and end of the service, and what it does when the machine or the configuration changes.
#include "daemon/service.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/atomic_file.h"
#include "base/cpu_limits.h"
#include "load/own_use.h"
#include "topology/candidates.h"
#include "topology/hwloc_source.h"
#include "tuner/configured_plan.h"
#include "tuner/worker_location.h"

namespace blastune {
namespace {

constexpr double look_around_seconds = 15;
constexpr double shortest_suspension_seconds = 1;
constexpr double longest_step_seconds = 60;
// A package that is being installed changes the directories several times.
constexpr double search_delay_seconds = 2;
constexpr double table_retry_seconds = 5;

// A first table is wanted soon, and a power cut may cost little; later, measuring is slow and a disk wears.
double save_interval(double uptime, bool is_sure) {
  if (is_sure) return 0;
  if (uptime < 60) return 3;
  return uptime < 600 ? 15 : 60;
}

// To the nanosecond, unlike that of the process with all its children.
double this_thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

bool is_forbidden(const Error& error) {
  return error.error_number == EACCES || error.error_number == EPERM || error.error_number == EROFS ||
         error.error_number == ENOENT || error.error_number == ENOTDIR || error.kind == ErrorKind::usage;
}

}  // namespace

Service::Service(ServiceOptions options, LoadedConfig config, ServiceEdges edges)
    : options_(std::move(options)),
      config_(std::move(config)),
      edges_(edges),
      notifier_(Notifier::from_environment()) {}

Service::~Service() = default;

Instant Service::now() const {
  return {edges_.clock.monotonic_seconds(), edges_.clock.passed_seconds()};
}

double Service::own_seconds() const {
  double seconds = own_cpu_seconds();
  if (prober_) {
    if (const auto process = prober_->process()) seconds += process_cpu_seconds(*process).value_or(0);
  }
  return seconds;
}

DaemonExitStatus Service::run() {
  if (auto started = start(); !started) {
    edges_.log.error(started.error());
    return exit_status_ == daemon_done ? daemon_failed : exit_status_;
  }
  if (counts_.size() < 2) {
    edges_.log.info("one usable processor leaves no choice of a thread count: there is nothing to tune here");
    ending_ = true;
  }
  while (!ending_) {
    const double seconds = step();
    wait_until_needed(std::min(seconds, notifier_.alive_interval().value_or(longest_step_seconds)));
  }
  end();
  return exit_status_;
}

Result<void> Service::start() {
  started_ = now().awake;
  started_unix_ = edges_.clock.unix_seconds();
  auto loop = EventLoop::make();
  if (!loop) return loop.error();
  loop_ = std::move(loop).value();
  auto signals = Signals::take();
  if (!signals) return signals.error();
  signals_ = std::move(signals).value();
  auto heard = loop_->add(signals_->fd(), EPOLLIN, [this](std::uint32_t) {
    while (const int signal = signals_->next()) on_signal(signal);
  });
  if (!heard) return heard;

  const std::string instance = options_.runtime_directory + "/blastuned";
  if (auto made = ensure_directory_of(edges_.files, instance); !made) {
    if (is_forbidden(made.error())) exit_status_ = daemon_cannot_create;
    return Error{made.error().kind, made.error().what,
                 "name a directory that this user may make or write with --runtime-directory DIR"};
  }
  auto lock = FileLock::try_lock(instance);
  if (!lock) {
    if (lock.error().error_number == EWOULDBLOCK) {
      return Error{ErrorKind::unavailable, "another blastuned runs: " + lock.error().what,
                   "end that one, or give this one a --runtime-directory of its own"};
    }
    if (is_forbidden(lock.error())) exit_status_ = daemon_cannot_create;
    return Error{lock.error().kind, lock.error().what,
                 "make " + options_.runtime_directory + " writable, or choose another --runtime-directory"};
  }
  instance_.emplace(std::move(lock).value());

  auto worker = find_worker();
  if (!worker) return worker.error();
  worker_ = std::move(worker).value();
  if (auto read = read_machine(); !read) return read;
  scheduler_.emplace(scheduler_options(), now());
  load_.emplace(edges_.load, quiet_limits());
  publisher_.emplace(edges_.files, edges_.log, options_.runtime_directory, options_.kernel.proc + "/stat");

  auto keeper = TableKeeper::open(edges_.files, options_.table_path, TableKeeper::Damaged::set_aside);
  if (keeper) {
    hold_table(std::move(keeper).value());
  } else if (keeper.error().error_number != EWOULDBLOCK) {
    // Without a number the file itself is the matter, as a directory of that name is.
    if (is_forbidden(keeper.error()) || keeper.error().error_number == 0) exit_status_ = daemon_cannot_create;
    const std::string& remedy = keeper.error().remedy;
    const std::string elsewhere = "choose another place with --table";
    // Without a number it is the file itself, and what is said of it says more than could be said here.
    const bool knows_better = keeper.error().error_number == 0 && !remedy.empty();
    return Error{
        keeper.error().kind, keeper.error().what,
        (knows_better ? remedy : "make its directory writable for the service") + ", or " + elsewhere};
  }

  auto control = ControlServer::open(
      options_.runtime_directory + "/control", *loop_, edges_.clock,
      [this](ControlRequest request, bool is_trusted) { return answer(request, is_trusted); });
  if (!control) return control.error();
  control_ = std::move(control).value();

  surroundings_ = read_surroundings(places(), {.kernel = options_.kernel});
  looked_around_ = now().awake;
  suspended_then_ = now().passed - now().awake;
  edges_.log.info("blastuned " + options_.version + " keeps " + options_.table_path);
  if (!keeper_) edges_.log.warning("another program is changing the table; waits for it to end");
  notifier_.ready(doing_);
  return {};
}

Result<void> Service::read_machine() {
  auto machine = read_machine_signature(options_.kernel);
  if (!machine) return machine.error();
  HwlocTopologySource source;
  auto topology = source.read();
  if (!topology) return topology.error();
  if (!topology->this_system) {
    exit_status_ = daemon_wrong_config;
    return Error{ErrorKind::usage,
                 topology->origin + " describes another machine than the one that runs this",
                 "unset it for the service"};
  }
  machine_ = std::move(machine).value();
  counts_ = candidate_threads(*topology, capacity(*topology, read_cpu_limits(options_.kernel)));
  return {};
}

void Service::end() {
  notifier_.stopping();
  slice_.reset();
  release_prober();
  search_.reset();
  save_when_due(true);
  control_.reset();
  publisher_.reset();
  edges_.log.info("ended");
}

void Service::on_signal(int signal) {
  turn_needed_ = true;
  if (signal == SIGHUP) {
    (void)reload(true);
  } else {
    ending_ = true;
  }
}

// Clients alone are no reason to look at everything anew.
void Service::wait_until_needed(double seconds) {
  const double until = now().awake + seconds;
  turn_needed_ = false;
  for (double left = seconds; left > 0 && !turn_needed_ && !ending_; left = until - now().awake) {
    await(std::min(left, control_->drop_slow_clients()));
  }
}

// What is handled here is clients, and what they are shown: workers are listened to in the turns. And clients
// are not measuring: whoever asks and asks, or only knocks, uses up nobody's budget.
void Service::await(double seconds) {
  const double accounted = accounted_seconds_;
  const double before = this_thread_seconds();
  // Not beside a slice: a thread that has to wait for it would be a disturbed burst, and who follows the load
  // looks for himself meanwhile.
  if (!slice_) seconds = std::min(seconds, publisher_->publish_when_due(now().awake));
  loop_->wait_and_handle(seconds);
  // A request that ended a measurement was accounted with it.
  if (accounted_seconds_ != accounted) return;
  const double handling = this_thread_seconds() - before;
  scheduler_->spent(now(), handling, true);
  accounted_seconds_ += handling;
}

// What was used since the last time is charged to what it was used for.
void Service::account() {
  const double own = own_seconds();
  scheduler_->spent(now(), std::max(0.0, own - accounted_seconds_), in_first_run_);
  accounted_seconds_ = own;
}

double Service::step() {
  notifier_.alive(now().awake);
  account();
  double next = 0;
  if (!ending_) next = work();
  if (ending_) return 0;
  tell_manager();
  // Bounded, because nobody tells of changes: they are looked for.
  return std::min(next, look_around_seconds);
}

void Service::look_around() {
  const double awake = now().awake;
  const double suspended = now().passed - awake;
  // After a suspension at once: what is due then is asked for once, not again when it is noticed.
  const bool resumed = suspended - suspended_then_ >= shortest_suspension_seconds;
  if (!resumed && awake - looked_around_ < look_around_seconds) return;
  suspended_then_ = suspended;
  take_in_changes();
}

void Service::take_in_changes() {
  const double awake = now().awake;
  looked_around_ = awake;
  Surroundings current = read_surroundings(places(), {.kernel = options_.kernel});
  const auto seen = changes(surroundings_, current);
  surroundings_ = std::move(current);
  bool machine_changed = false;
  for (const Change& change : seen) {
    const bool is_loader = change.kind == ChangeKind::loader;
    is_loader ? edges_.log.debug(change.sentence) : edges_.log.info(change.sentence);
    if (is_loader || change.kind == ChangeKind::libraries) {
      search_wanted_ = true;
      search_after_ = awake + search_delay_seconds;
    }
    machine_changed =
        machine_changed || change.kind == ChangeKind::processors || change.kind == ChangeKind::limits;
    if (is_loader) continue;
    for (KnownBuild& build : builds_) {
      // A second check is to come after a while, whatever happens.
      build.check_wanted = build.check_wanted || !build.upkeep || build.upkeep->suspects() == 0;
    }
  }
  if (machine_changed || !machine_is_read_) {
    const auto before = counts_;
    const MachineSignature machine = machine_;
    const auto read = read_machine();
    // Tried again with the next look.
    machine_is_read_ = read.ok();
    if (!read) {
      edges_.log.error(read.error());
    } else if (machine_ != machine) {
      change_machine();
    } else if (counts_ != before) {
      change_upkeep();
    }
  }
  if (keeper_ && !rewrite_table_ && table_was_changed()) {
    edges_.log.warning(options_.table_path + " was changed or removed by another program; writing it again");
    rewrite_table_ = true;
  }
}

Result<void> Service::reload(bool by_signal) {
  if (by_signal) notifier_.reloading();
  auto config = load_config(edges_.files, options_.config_directory);
  Result<void> outcome;
  if (config) {
    apply_config(std::move(config).value());
    edges_.log.info("configuration read again");
  } else {
    edges_.log.error("the configuration in force stays: " + config.error().text());
    config_.warnings = {"not taken over: " + config.error().text()};
    outcome = config.error();
  }
  if (by_signal) notifier_.ready(doing_);
  return outcome;
}

void Service::apply_config(LoadedConfig config) {
  const Config before = config_.config;
  config_ = std::move(config);
  for (const auto& warning : config_.warnings) edges_.log.warning(warning);
  if (!(before == config_.config)) {
    load_->change(quiet_limits());
    change_upkeep();
  }
  search_wanted_ = true;
  search_after_ = now().awake;
}

// As when a hypervisor adds processors. Readers look for tables of what the machine is now; those of what it
// was stay in the file.
void Service::change_machine() {
  release_prober();
  save_when_due(true);
  builds_.clear();
  scheduler_->change(scheduler_options(), now());
  scheduler_->forget_current();
  search_wanted_ = true;
  search_after_ = now().awake;
}

// The counts or the configuration are others now.
void Service::change_upkeep() {
  release_prober();
  scheduler_->change(scheduler_options(), now());
  for (KnownBuild& build : builds_) {
    if (!build.upkeep) continue;
    build.check_wanted = build.check_wanted || build.upkeep->is_checking();
    build.upkeep->change(upkeep_options());
  }
}

UpkeepOptions Service::upkeep_options() const {
  UpkeepOptions options;
  options.plan = plan_options(config_.config, false, counts_.back());
  options.counts = counts_;
  options.tolerance = config_.config.tolerance;
  options.longest_burst_seconds = slice_seconds;
  return options;
}

SchedulerOptions Service::scheduler_options() const {
  const DaemonConfig& daemon = config_.config.daemon;
  return {daemon.cpu_share, daemon.first_run_seconds, daemon.check_seconds, counts_.back()};
}

DiscoveryOptions Service::places() const {
  DiscoveryOptions places = usual_places();
  const auto& libraries = config_.config.daemon.libraries;
  places.files.insert(places.files.end(), libraries.begin(), libraries.end());
  places.worker_options.max_operand_bytes = config_.config.max_operand_bytes;
  return places;
}

QuietLimits Service::quiet_limits() const {
  QuietLimits limits;
  limits.others_cores = config_.config.daemon.quiet_cores;
  limits.on_battery = config_.config.daemon.on_battery;
  return limits;
}

// Instant::passed then, or as long ago as matters.
double Service::instant_of(std::int64_t unix_seconds) const {
  // A clock that was set may make it lie in the future, or before the machine was made.
  const std::int64_t age = edges_.clock.unix_seconds() - unix_seconds;
  const double longest = config_.config.daemon.check_seconds;
  const double since = age < 0 ? longest : std::min(static_cast<double>(age), longest);
  return now().passed - since;
}

std::unique_ptr<BuildUpkeep> Service::make_upkeep(const WorkerHello& library) {
  return std::make_unique<BuildUpkeep>(library, keeper_->known(machine_, library.build), upkeep_options(),
                                       static_cast<std::uint64_t>(edges_.clock.unix_seconds()));
}

void Service::hold_table(TableKeeper keeper) {
  keeper_.emplace(std::move(keeper));
  if (!keeper_->note().empty()) edges_.log.warning(keeper_->note());
  if (const auto status = edges_.files.status(options_.table_path)) saved_status_ = *status;
}

bool Service::table_was_changed() const {
  if (!saved_status_) return false;
  const auto status = edges_.files.status(options_.table_path);
  return !status || status->size != saved_status_->size ||
         status->modified_unix != saved_status_->modified_unix;
}

void Service::save_when_due(bool at_once) {
  if (!keeper_) {
    if (at_once || now().awake < save_again_) return;
    auto keeper = TableKeeper::open(edges_.files, options_.table_path, TableKeeper::Damaged::set_aside);
    if (!keeper) {
      const bool is_locked = keeper.error().error_number == EWOULDBLOCK;
      const std::string error = is_locked ? "" : keeper.error().what;
      if (!error.empty() && error != save_error_) edges_.log.error("the table cannot be used: " + error);
      save_error_ = error;
      save_again_ = now().awake + table_retry_seconds;
      return;
    }
    save_error_.clear();
    hold_table(std::move(keeper).value());
    search_wanted_ = true;
    return;
  }
  const auto is_wanted = [this](const KnownBuild& build) {
    return build.upkeep && (build.upkeep->has_news() || rewrite_table_) && build.upkeep->curves() > 0;
  };
  const auto is_under_way = [&](const KnownBuild& build) {
    return is_wanted(build) && (build.upkeep->uncertain() > 0 || build.upkeep->is_measuring_again());
  };
  const bool is_sure = std::ranges::none_of(builds_, is_under_way);
  // Those of other machines and builds are written again, too.
  if (std::ranges::none_of(builds_, is_wanted) && (!rewrite_table_ || keeper_->tables().empty())) {
    save_error_.clear();  // what could not be saved has gone with its build
    return;
  }
  const double awake = now().awake;
  const double interval = save_interval(awake - started_, is_sure);
  const bool is_due = at_once || rewrite_table_ || !save_error_.empty() || awake - saved_ >= interval;
  if (!is_due || (!at_once && awake < save_again_)) return;
  std::vector<Table> tables;
  for (const KnownBuild& build : builds_) {
    if (is_wanted(build)) tables.push_back(build.upkeep->table());
  }
  if (auto kept = keeper_->keep(tables); !kept) {
    if (save_error_ != kept.error().what) edges_.log.error("the table is not saved: " + kept.error().what);
    save_error_ = kept.error().what;
    save_again_ = awake + table_retry_seconds;
    return;
  }
  if (!save_error_.empty()) edges_.log.info("the table can be saved again");
  save_error_.clear();
  saved_ = awake;
  rewrite_table_ = false;
  if (const auto status = edges_.files.status(options_.table_path)) saved_status_ = *status;
  for (KnownBuild& build : builds_) {
    if (!build.upkeep) continue;
    build.upkeep->mark_saved();
    if (!build.checked_at && !build.upkeep->table().curves.empty()) build.checked_at = now().passed;
  }
}

}  // namespace blastune
