// SPDX-License-Identifier: BSD-3-Clause
//
// Asks the daemon over its control socket. Any thread.
#pragma once

#include <string>

#include "base/result.h"
#include "base/runtime_directory.h"
#include "control/control_message.h"

namespace blastune {

// $BLASTUNE_RUNTIME_DIR/control where that is set to an absolute path, else /run/blastune/control. Nothing of
// the environment in a program that runs with raised privileges.
[[nodiscard]] std::string control_socket_path();

// One request, one reply. Takes no longer than timeout_seconds whatever the other side does, raises no
// SIGPIPE, and goes on after signals. Kinds of failure:
//   not_found     nobody listens there: no such socket, or nobody behind it
//   unavailable   the operating system refused, or the daemon hung up without a word
//   timed_out     no whole answer in time
//   invalid_data  what answers does not speak this protocol
//   usage         no socket can have such a path
Result<ControlReply> ask_daemon(const std::string& socket_path, ControlRequest request,
                                double timeout_seconds);

}  // namespace blastune
