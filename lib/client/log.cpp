// SPDX-License-Identifier: BSD-3-Clause
#include "client/log.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace blastune {

void log_line(std::string_view text) {
  std::string line = "blastune: ";
  line += text;
  line += '\n';
  // Nothing can be done about a closed stderr, least of all end the host: a pipe without a reader raises
  // SIGPIPE in the writing thread. It is held back, and taken away unless it was waiting before.
  sigset_t pipe_signal;
  sigset_t mask;
  sigset_t pending;
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  sigemptyset(&pending);
  ::sigpending(&pending);
  if (::pthread_sigmask(SIG_BLOCK, &pipe_signal, &mask) != 0) return;
  const auto written = ::write(STDERR_FILENO, line.data(), line.size());
  if (written < 0 && errno == EPIPE && sigismember(&pending, SIGPIPE) == 0) {
    const timespec at_once = {0, 0};
    while (::sigtimedwait(&pipe_signal, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace blastune
