// SPDX-License-Identifier: BSD-3-Clause
//
// How the service ends. The unit's RestartPreventExitStatus= names those that starting again cannot mend;
// they are the numbers of sysexits.h.
#pragma once

namespace blastune {

enum DaemonExitStatus : int {
  daemon_done = 0,            // asked to end, or there is nothing to tune on this machine
  daemon_failed = 1,          // may go better the next time
  daemon_usage = 64,          // the command line
  daemon_cannot_create = 73,  // a directory or file that it needs, and is not allowed to make
  daemon_wrong_config = 78,
};

}  // namespace blastune
