// SPDX-License-Identifier: BSD-3-Clause
//
// The members of a status with their names, once for writing and for reading: each visit calls
// visitor(name, member) for every member in the order it has in JSON.
#pragma once

#include "control/daemon_status.h"

namespace blastune {

// The second parameter is the struct or the struct const.
template <class Visitor, class Spent>
void visit_spent_time(Visitor& visitor, Spent& spent) {
  visitor("cpu_share", spent.cpu_share);
  visitor("allowed_per_hour", spent.allowed_per_hour);
  visitor("last_hour", spent.last_hour);
  visitor("since_start", spent.since_start);
  visitor("wall_since_start", spent.wall_since_start);
}

template <class Visitor, class Status>
void visit_build_status(Visitor& visitor, Status& build) {
  visitor("description", build.description);
  visitor("build_id", build.build_id);
  visitor("path", build.path);
  visitor("names", build.names);
  visitor("is_default", build.is_default);
  visitor("state", build.state);
  visitor("reason", build.reason);
  visitor("curves", build.curves);
  visitor("gemms", build.gemms);
  visitor("settled", build.settled);
  visitor("spent_seconds", build.spent_seconds);
  visitor("measured_unix", build.measured_unix);
  visitor("occasions", build.occasions);
  visitor("checked_unix", build.checked_unix);
  visitor("drifted_last_check", build.drifted_last_check);
  visitor("next_check_seconds", build.next_check_seconds);
}

template <class Visitor, class Library>
void visit_unusable_library(Visitor& visitor, Library& library) {
  visitor("name", library.name);
  visitor("reason", library.reason);
}

template <class Visitor, class Status>
void visit_daemon_status(Visitor& visitor, Status& status) {
  visitor("version", status.version);
  visitor("process_id", status.process_id);
  visitor("started_unix", status.started_unix);
  visitor("now_unix", status.now_unix);
  visitor("activity", status.activity);
  visitor("wait_reason", status.wait_reason);
  visitor("doing", status.doing);
  visitor("wait_seconds", status.wait_seconds);
  visitor("spent", status.spent);
  visitor("slices", status.slices);
  visitor("disturbed_slices", status.disturbed_slices);
  visitor("lost_bursts", status.lost_bursts);
  visitor("table_path", status.table_path);
  visitor("last_save_error", status.last_save_error);
  visitor("config_files", status.config_files);
  visitor("config_warnings", status.config_warnings);
  visitor("builds", status.builds);
  visitor("unusable", status.unusable);
}

}  // namespace blastune
