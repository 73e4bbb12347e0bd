// SPDX-License-Identifier: BSD-3-Clause
//
// The service: one thread that waits for events, and between them asks the scheduler what to do. It owns the
// table file while it runs, one worker at a time, and the control socket; what it knows of the builds is in
// KnownBuild. Nothing here waits for a worker, a client or a disk other than the table's.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/file_system.h"
#include "control/control_message.h"
#include "daemon/control_server.h"
#include "daemon/event_loop.h"
#include "daemon/exit_status.h"
#include "daemon/known_builds.h"
#include "daemon/load_publisher.h"
#include "daemon/load_watch.h"
#include "daemon/log.h"
#include "daemon/notifier.h"
#include "daemon/scheduler.h"
#include "daemon/signals.h"
#include "daemon/surroundings.h"
#include "daemon/surroundings_change.h"
#include "store/config.h"
#include "store/table_keeper.h"
#include "tuner/build_discovery.h"
#include "tuner/worker_prober.h"

namespace blastune {

struct ServiceOptions {
  std::string version;
  std::string config_directory;
  std::string table_path;
  std::string runtime_directory;
  KernelPaths kernel;  // a test has a tree of its own
};

// What it is given, and outlives it.
struct ServiceEdges {
  Clock& clock;
  FileSystem& files;
  LoadSource& load;
  Log& log;
};

class Service {
 public:
  Service(ServiceOptions options, LoadedConfig config, ServiceEdges edges);
  ~Service();

  // Until it is asked to end, or cannot go on. Call it once.
  DaemonExitStatus run();

 private:
  struct Slice {
    Decision decision;
    std::vector<BurstRequest> requests;
    double start = 0;
  };

  // Start and end.
  Result<void> start();
  Result<void> read_machine();
  void end();
  void on_signal(int signal);

  // One turn of the loop; seconds until the next one is needed at the latest.
  double step();
  double work();
  [[nodiscard]] std::optional<Decision> find_obstacle() const;
  double wait(const Decision& decision);
  void wait_until_needed(double seconds);
  void await(double seconds);
  void account();

  // Workers.
  void begin_search();
  void end_search(Result<Discovery> outcome);
  bool begin_slice(const Decision& decision);
  bool have_prober(std::size_t build);
  void advance_prober();
  void end_slice(WorkerProber::Answers answers);
  bool end_slice_early(const WorkerProber::Answers& answers);
  void note_checked(std::size_t build);
  void note_measured(KnownBuild& build, Decision::Work work);
  void fail_prober(const Error& error);
  void release_prober();
  void watch_worker(int descriptor);

  // The machine and the configuration. Looked at beside no measurement: it would be disturbed by it.
  void look_around();
  void take_in_changes();
  Result<void> reload(bool by_signal);
  void apply_config(LoadedConfig config);
  void change_machine();
  void change_upkeep();
  [[nodiscard]] UpkeepOptions upkeep_options() const;
  [[nodiscard]] SchedulerOptions scheduler_options() const;
  [[nodiscard]] QuietLimits quiet_limits() const;
  [[nodiscard]] DiscoveryOptions places() const;
  std::unique_ptr<BuildUpkeep> make_upkeep(const WorkerHello& library);
  [[nodiscard]] double instant_of(std::int64_t unix_seconds) const;

  // The table.
  void hold_table(TableKeeper keeper);
  void save_when_due(bool at_once);
  [[nodiscard]] bool table_was_changed() const;

  // What it says.
  ControlReply answer(ControlRequest request, bool is_trusted);
  [[nodiscard]] DaemonStatus status() const;
  void say(Activity activity, WaitReason reason, std::string doing, std::optional<double> seconds);
  void tell_manager();
  [[nodiscard]] std::string wait_sentence(const Decision& decision) const;

  [[nodiscard]] Instant now() const;
  [[nodiscard]] double own_seconds() const;

  ServiceOptions options_;
  LoadedConfig config_;
  ServiceEdges edges_;
  Notifier notifier_;

  std::optional<EventLoop> loop_;
  std::optional<Signals> signals_;
  std::optional<FileLock> instance_;
  std::optional<TableKeeper> keeper_;
  std::unique_ptr<ControlServer> control_;
  std::string worker_;
  MachineSignature machine_;
  bool machine_is_read_ = true;  // as it is since it last changed
  std::vector<int> counts_;
  Surroundings surroundings_;
  double looked_around_ = 0;
  double suspended_then_ = 0;

  std::optional<Scheduler> scheduler_;
  std::optional<LoadWatch> load_;
  std::optional<LoadPublisher> publisher_;
  std::string busy_sentence_;
  double accounted_seconds_ = 0;
  bool in_first_run_ = false;
  bool turn_needed_ = false;  // something came that is not only for a client

  std::vector<KnownBuild> builds_;
  std::vector<UnusableStatus> unusable_;
  std::unique_ptr<BuildSearch> search_;
  double search_after_ = -1e9;  // not before; a search that failed is tried again then
  bool search_wanted_ = true;
  int searches_in_vain_ = 0;  // that could not look at all there is
  bool has_searched_ = false;
  bool told_no_library_ = false;
  std::string search_error_;

  std::unique_ptr<WorkerProber> prober_;
  std::size_t prober_build_ = 0;
  bool prober_is_loaded_ = false;
  double prober_used_ = 0;
  int watched_ = -1;  // the worker's descriptor in the loop
  std::optional<Slice> slice_;

  double saved_ = 0;
  double save_again_ = -1e9;  // not before, after one that failed
  std::string save_error_;
  std::optional<FileStatus> saved_status_;
  bool rewrite_table_ = false;  // somebody else changed it

  double started_ = 0;
  std::int64_t started_unix_ = 0;
  double measured_now_ = -1e9;  // when somebody last asked for it
  std::int64_t slices_ = 0;
  std::int64_t disturbed_slices_ = 0;
  double slice_wall_seconds_ = 0;

  bool ending_ = false;
  DaemonExitStatus exit_status_ = daemon_done;
  Activity activity_ = Activity::starting;
  WaitReason wait_reason_ = WaitReason::none;
  std::string doing_ = "starting";
  std::optional<double> wait_until_;  // awake seconds, as the following
  double next_look_ = 0;
  double state_since_ = 0;
  double logged_ = -1e9;
  double told_manager_ = -1e9;
  Activity told_activity_ = Activity::starting;
  WaitReason told_reason_ = WaitReason::none;
  Activity logged_activity_ = Activity::starting;
  WaitReason logged_reason_ = WaitReason::none;
};

}  // namespace blastune
