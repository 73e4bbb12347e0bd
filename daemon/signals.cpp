// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace blastune {

Result<Signals> Signals::take() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) != 0) return system_error("cannot block signals", errno);
  struct sigaction ignored {};
  ignored.sa_handler = SIG_IGN;
  // What they tell of is told by the write that caused them, too.
  for (const int signal : {SIGPIPE, SIGXFSZ}) ::sigaction(signal, &ignored, nullptr);
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return system_error("cannot wait for signals", errno);
  return Signals(std::move(fd));
}

int Signals::next() const {
  signalfd_siginfo info{};
  const ssize_t got = ::read(fd_.get(), &info, sizeof info);
  return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace blastune
