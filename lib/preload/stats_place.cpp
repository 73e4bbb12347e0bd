// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_place.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace blastune {
namespace {

// A pipe that nobody reads and a file that may not grow are no reason to end as if killed.
class WithoutSignals {
 public:
  WithoutSignals() {
    ::sigemptyset(&signals_);
    ::sigaddset(&signals_, SIGPIPE);
    ::sigaddset(&signals_, SIGXFSZ);
    ::sigpending(&pending_before_);
    ::pthread_sigmask(SIG_BLOCK, &signals_, &mask_before_);
  }
  WithoutSignals(const WithoutSignals&) = delete;
  WithoutSignals& operator=(const WithoutSignals&) = delete;
  ~WithoutSignals() {
    // Those that came of the write.
    for (const int signal : {SIGPIPE, SIGXFSZ}) {
      sigset_t pending;
      ::sigpending(&pending);
      if (::sigismember(&pending, signal) != 1 || ::sigismember(&pending_before_, signal) == 1) continue;
      sigset_t one;
      ::sigemptyset(&one);
      ::sigaddset(&one, signal);
      const timespec at_once = {0, 0};
      ::sigtimedwait(&one, nullptr, &at_once);
    }
    ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  }

 private:
  sigset_t signals_{};
  sigset_t pending_before_{};
  sigset_t mask_before_{};
};

}  // namespace

bool StatsPlace::set(const char* name) {
  const std::string_view text(name);
  if (text == "-") {
    struct stat about {};
    if (::fstat(STDERR_FILENO, &about) != 0) return false;
    device_ = about.st_dev;
    inode_ = about.st_ino;
    path_[0] = '\0';
    return true;
  }
  if (!text.starts_with('/') || text.size() >= path_.size()) return false;
  text.copy(path_.data(), text.size());
  path_[text.size()] = '\0';
  return true;
}

// A program may have closed it and opened a file of its own in its place.
bool StatsPlace::is_still_standard_error() const {
  struct stat about {};
  return ::fstat(STDERR_FILENO, &about) == 0 && about.st_dev == device_ && about.st_ino == inode_;
}

int StatsPlace::open() const {
  constexpr mode_t as_the_user_wants = 0666;
  // Not to wait for the other end of a pipe; what it takes to write waits again.
  const int file = ::open(path_.data(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                          as_the_user_wants);
  if (file >= 0) ::fcntl(file, F_SETFL, O_APPEND);
  return file;
}

void StatsPlace::write(std::string_view text) const {
  if (text.empty()) return;
  const WithoutSignals quiet;
  const int file = is_for_people() ? (is_still_standard_error() ? STDERR_FILENO : -1) : open();
  if (file < 0) return;
  ssize_t written = 0;
  do {
    written = ::write(file, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  if (!is_for_people()) ::close(file);
}

}  // namespace blastune
