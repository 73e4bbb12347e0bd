// SPDX-License-Identifier: BSD-3-Clause
//
// What the daemon says of itself to whoever asks: plain values, filled by the daemon, printed by the command
// line. Times are seconds since 1970; 0 stands for "never". Texts may come from files and libraries of
// others: whoever shows them to a person makes them printable first.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blastune {

// What the daemon is about.
enum class Activity : std::uint8_t {
  starting,         // reads its configuration and table
  searching,        // looks for OpenBLAS builds
  measuring,        // fills a table
  checking,         // compares canary shapes with what the table says
  waiting,          // there is something to do, and a reason not to do it now
  settled,          // every table is as sure as it has to be, until the next check
  nothing_to_tune,  // no build here could gain from another count
};

// Why it waits, or why there is nothing to tune.
enum class WaitReason : std::uint8_t {
  none,
  others_busy,    // other programs use the processors
  steal,          // the hypervisor gives this machine's time to others
  pressure,       // tasks stall for processor, memory or disk
  throttled,      // this service's own cgroup is out of its quota
  thermal,        // the processors are slowed down for their temperature
  battery,        // no mains power
  budget,         // spent what it may for now
  disturbed,      // slices are disturbed again and again; rests before it tries once more
  failing,        // the worker fails again and again; rests before it tries once more
  no_library,     // no OpenBLAS here
  one_processor,  // a single processor leaves no choice of a count
  cannot_write,   // the table's directory takes no file
  table_in_use,   // another program writes the same table
};

enum class BuildState : std::uint8_t {
  waiting,    // its turn has not come
  measuring,  // its table is not sure enough yet
  checking,   // its canaries run
  settled,    // until the next check
  unusable,   // cannot be measured; `reason` says why
};

// The processor time of everything the service runs, worker included.
struct SpentTime {
  double cpu_share = 0;         // of one processor that it may use on average
  double allowed_per_hour = 0;  // seconds; more than the share's in the hour of a first run
  double last_hour = 0;         // seconds
  double since_start = 0;       // seconds
  double wall_since_start = 0;  // seconds in which bursts ran

  bool operator==(const SpentTime&) const = default;
};

struct BuildStatus {
  std::string description;         // describe(build)
  std::string build_id;            // empty when the file has none
  std::string path;                // of the file
  std::vector<std::string> names;  // further paths that lead to it
  bool is_default = false;         // what a program gets that asks for OpenBLAS by its usual name
  BuildState state = BuildState::waiting;
  std::string reason;        // why it is unusable; otherwise empty
  std::int64_t curves = 0;   // in its table
  std::int64_t gemms = 0;    // that its table shall know
  std::int64_t settled = 0;  // of these that are sure enough; the rest is uncertain
  double spent_seconds = 0;  // wall time its table took so far
  std::int64_t measured_unix = 0;
  std::int64_t occasions = 1;  // on which all of it was measured
  std::int64_t checked_unix = 0;
  std::int64_t drifted_last_check = 0;       // canaries that were not as the table says
  std::optional<double> next_check_seconds;  // until then

  bool operator==(const BuildStatus&) const = default;
};

// A file that looks like OpenBLAS and cannot be tuned.
struct UnusableStatus {
  std::string name;
  std::string reason;

  bool operator==(const UnusableStatus&) const = default;
};

struct DaemonStatus {
  std::string version;  // of the daemon
  std::int64_t process_id = 0;
  std::int64_t started_unix = 0;
  std::int64_t now_unix = 0;  // by the daemon's clock
  Activity activity = Activity::starting;
  WaitReason wait_reason = WaitReason::none;
  std::string doing;                   // a person's sentence without a full stop, with the figures behind it
  std::optional<double> wait_seconds;  // until it looks again, where that is known
  SpentTime spent;
  std::int64_t slices = 0;            // of measuring since the start
  std::int64_t disturbed_slices = 0;  // of these, thrown away
  std::int64_t lost_bursts = 0;       // that a worker took along when it ended
  std::string table_path;
  std::string last_save_error;               // empty when the last save succeeded
  std::vector<std::string> config_files;     // that were read, in order
  std::vector<std::string> config_warnings;  // what in them was ignored or refused
  std::vector<BuildStatus> builds;
  std::vector<UnusableStatus> unusable;

  bool operator==(const DaemonStatus&) const = default;
};

// Names as they are in JSON: "nothing_to_tune", "others_busy", ...
[[nodiscard]] std::string_view name(Activity activity);
[[nodiscard]] std::optional<Activity> activity_from_name(std::string_view text);
[[nodiscard]] std::string_view name(WaitReason reason);
[[nodiscard]] std::optional<WaitReason> wait_reason_from_name(std::string_view text);
[[nodiscard]] std::string_view name(BuildState state);
[[nodiscard]] std::optional<BuildState> build_state_from_name(std::string_view text);

}  // namespace blastune
