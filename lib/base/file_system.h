// SPDX-License-Identifier: BSD-3-Clause
//
// The edge to files: the few system calls that reading and replacing a table needs, each one step,
// so that a test can make any single step fail, be cut short, or be the last before a crash.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

struct FileStatus {
  bool regular = false;
  mode_t mode = 0;  // permission bits
  uid_t owner = 0;
  std::uint64_t size = 0;
  std::int64_t modified_unix = 0;  // by the file system's own clock
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Never blocks on a FIFO, never becomes a controlling terminal; symbolic links are followed.
  virtual Result<UniqueFd> open_for_reading(const std::string& path) = 0;
  // Fails if anything of that name exists, a dangling link included.
  virtual Result<UniqueFd> create_exclusively(const std::string& path, mode_t mode) = 0;
  // May move fewer bytes than asked for; 0 from read_some is the end of the file.
  virtual Result<std::size_t> read_some(int fd, std::span<char> bytes) = 0;
  virtual Result<std::size_t> write_some(int fd, std::string_view bytes) = 0;
  virtual Result<void> set_mode(int fd, mode_t mode) = 0;
  virtual Result<void> sync(int fd) = 0;
  // Succeeds where the file system knows no such thing as flushing a directory.
  virtual Result<void> sync_directory(const std::string& path) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;
  virtual Result<FileStatus> status(int fd) = 0;
  virtual Result<FileStatus> status(const std::string& path) = 0;
  // One level; an existing directory is an error.
  virtual Result<void> create_directory(const std::string& path, mode_t mode) = 0;
  // The names in it, in no order, without "." and "..".
  virtual Result<std::vector<std::string>> list_directory(const std::string& path) = 0;
};

class RealFileSystem final : public FileSystem {
 public:
  Result<UniqueFd> open_for_reading(const std::string& path) override;
  Result<UniqueFd> create_exclusively(const std::string& path, mode_t mode) override;
  Result<std::size_t> read_some(int fd, std::span<char> bytes) override;
  Result<std::size_t> write_some(int fd, std::string_view bytes) override;
  Result<void> set_mode(int fd, mode_t mode) override;
  Result<void> sync(int fd) override;
  Result<void> sync_directory(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<FileStatus> status(int fd) override;
  Result<FileStatus> status(const std::string& path) override;
  Result<void> create_directory(const std::string& path, mode_t mode) override;
  Result<std::vector<std::string>> list_directory(const std::string& path) override;
};

}  // namespace blastune
