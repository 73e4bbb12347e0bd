// SPDX-License-Identifier: BSD-3-Clause
//
// Keeps two programs from reading, changing and replacing the same file at once, which would lose the work
// of one of them. Readers need no lock. The kernel releases it when its holder ends in whatever way.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

// Held from try_lock until destroyed. One thread at a time.
class FileLock {
 public:
  // Locks PATH.lock, a file of its own that only its owner can open, because PATH itself is replaced by each
  // writer, and because anyone who may read PATH or its directory could otherwise lock writers out. Never
  // waits: held by another process is unavailable, and the error names that process. The directory must be
  // there. What root makes belongs to the directory's owner, who must be able to see whether it is held.
  static Result<FileLock> try_lock(const std::string& path);

  FileLock(FileLock&&) noexcept = default;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

  // False when the lock file was removed or replaced, as with its directory: then it keeps nobody out.
  [[nodiscard]] bool is_held() const;

 private:
  FileLock(UniqueFd fd, std::string lock_path) : fd_(std::move(fd)), lock_path_(std::move(lock_path)) {}

  void release();

  UniqueFd fd_;
  std::string lock_path_;
};

}  // namespace blastune
