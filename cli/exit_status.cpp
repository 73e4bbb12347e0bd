// SPDX-License-Identifier: BSD-3-Clause
#include "cli/exit_status.h"

namespace blastune {

ExitStatus status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::usage:
      return exit_usage;
    case ErrorKind::interrupted:
      return exit_interrupted;
    default:
      return exit_failed;
  }
}

ExitStatus table_status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return exit_no_table;
    case ErrorKind::foreign:
      return exit_foreign_table;
    default:
      return status_of(error);
  }
}

ExitStatus daemon_status_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
    case ErrorKind::unavailable:
    case ErrorKind::timed_out:
      return exit_daemon_unreachable;
    default:
      return status_of(error);
  }
}

}  // namespace blastune
