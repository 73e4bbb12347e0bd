// SPDX-License-Identifier: BSD-3-Clause
#include "cli/interruption.h"

#include <atomic>
#include <csignal>

namespace blastune {
namespace {

// A signal handler has nowhere else to write.
std::atomic<bool> was_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int handled_signals[] = {SIGINT, SIGTERM, SIGHUP};

void request(int /*signal*/) {
  was_requested.store(true);
}

void set_handlers(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  for (const int signal : handled_signals) {
    struct sigaction inherited {};
    // What the caller wants ignored stays so: nohup, or a shell's background job.
    if (sigaction(signal, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
}

}  // namespace

Interruption::Interruption() {
  was_requested.store(false);
  // Reset after the first, so that a second one ends a program that does not listen.
  set_handlers(request, static_cast<int>(SA_RESETHAND));
}

Interruption::~Interruption() {
  set_handlers(SIG_DFL, 0);
}

bool Interruption::requested() {
  return was_requested.load();
}

}  // namespace blastune
