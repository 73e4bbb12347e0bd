// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/parse.h"
#include "base/trusted_file.h"

namespace blastune {
namespace {

constexpr int attempts = 16;

// The holder writes its process number into the lock file, for the message to those it keeps out.
std::string holder(int fd) {
  std::array<char, 32> text{};
  const auto count = ::pread(fd, text.data(), text.size(), 0);
  if (count <= 1) return "another program";
  const std::string_view line(text.data(), static_cast<std::size_t>(count) - 1);
  const auto process = parse_integer(line, 1, 1LL << 31U, "process");
  return process ? "process " + std::to_string(*process) : "another program";
}

// Only of what was made just now: nothing else is given away.
void give_to_owner_of_directory(const std::string& path, int fd) {
  if (::geteuid() != 0) return;
  struct stat status {};
  if (::stat(directory_of(path).c_str(), &status) == 0) (void)!::fchown(fd, status.st_uid, status.st_gid);
}

bool still_names(const std::string& path, int fd) {
  struct stat by_name {};
  struct stat by_fd {};
  return ::fstat(fd, &by_fd) == 0 && ::lstat(path.c_str(), &by_name) == 0 && by_name.st_dev == by_fd.st_dev &&
         by_name.st_ino == by_fd.st_ino;
}

}  // namespace

Result<FileLock> FileLock::try_lock(const std::string& path) {
  const std::string lock_path = path + ".lock";
  for (int attempt = 0; attempt < attempts; ++attempt) {
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    UniqueFd fd(::open(lock_path.c_str(), flags | O_CREAT | O_EXCL, 0600));
    if (fd.valid()) {
      give_to_owner_of_directory(lock_path, fd.get());
    } else if (errno == EEXIST) {
      fd.reset(::open(lock_path.c_str(), flags));
      if (!fd.valid() && errno == ENOENT) continue;
      // Another user's, who holds it or was killed with it.
      if (!fd.valid() && errno == EACCES) {
        return Error{ErrorKind::unavailable, path + " is being changed by another user's program",
                     "wait until it has finished; if there is none, remove " + lock_path, EWOULDBLOCK};
      }
    }
    if (!fd.valid()) {
      return system_error("cannot open " + lock_path, errno,
                          "make its directory writable for you, or choose another place with --output FILE");
    }
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK)
        return system_error("cannot lock " + lock_path, errno, "use --output FILE on a local disk");
      return Error{ErrorKind::unavailable, path + " is being changed by " + holder(fd.get()),
                   "wait until it has finished, or write elsewhere with --output FILE", EWOULDBLOCK};
    }
    // The holder before us may have removed the file between our open and our lock; such a lock guards
    // nothing.
    if (!still_names(lock_path, fd.get())) continue;
    const std::string process = std::to_string(::getpid()) + "\n";
    if (::ftruncate(fd.get(), 0) == 0) (void)!::pwrite(fd.get(), process.data(), process.size(), 0);
    return FileLock(std::move(fd), lock_path);
  }
  return Error{ErrorKind::unavailable, path + " is being changed by other programs", "try again", EAGAIN};
}

FileLock::~FileLock() {
  release();
}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this == &other) return *this;
  release();
  fd_ = std::move(other.fd_);
  lock_path_ = std::move(other.lock_path_);
  return *this;
}

bool FileLock::is_held() const {
  return fd_.valid() && still_names(lock_path_, fd_.get());
}

void FileLock::release() {
  // Removed while still locked: whoever opened it before sees that the name has gone and starts again.
  if (is_held()) ::unlink(lock_path_.c_str());
  fd_.reset();
}

}  // namespace blastune
