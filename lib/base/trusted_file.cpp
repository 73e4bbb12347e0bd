// SPDX-License-Identifier: BSD-3-Clause
#include "base/trusted_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>

namespace blastune {
namespace {

constexpr std::size_t smallest_read = 4096;

Error at_path(const Error& error, const std::string& path) {
  auto located = error;
  located.what = path + ": " + error.what;
  return located;
}

Error too_large(const std::string& path, std::size_t max_bytes) {
  return Error{ErrorKind::invalid_data, path + " is larger than " + std::to_string(max_bytes) + " bytes",
               "name another file"};
}

Result<void> check_trust(FileSystem& files, const std::string& path, const FileStatus& status) {
  if ((status.mode & (S_IWGRP | S_IWOTH)) != 0) {
    return Error{ErrorKind::unavailable, path + " can be written by others than its owner, so it is not used",
                 "run: chmod go-w " + path};
  }
  if (status.owner == 0 || status.owner == ::geteuid()) return {};
  const auto directory = files.status(directory_of(path));
  if (directory && directory->owner == status.owner) return {};
  return Error{ErrorKind::unavailable,
               path + " belongs to user " + std::to_string(status.owner) +
                   ", who is neither you, nor root, nor the owner of its directory, so it is not used",
               "copy it to a file of your own"};
}

// The file is checked through the open descriptor: what is judged is what is read.
Result<std::string> read_checked(FileSystem& files, const std::string& path, std::size_t max_bytes,
                                 bool trusted) {
  const auto fd = files.open_for_reading(path);
  if (!fd) return fd.error();
  const auto status = files.status(fd->get());
  if (!status) return at_path(status.error(), path);
  if (!status->regular) {
    return Error{ErrorKind::unavailable, path + " is not a regular file", "name another file"};
  }
  if (trusted) {
    if (auto trust = check_trust(files, path, *status); !trust) return trust.error();
  }
  if (status->size > max_bytes) return too_large(path, max_bytes);

  // One byte more than expected, so that the end of an unchanged file is seen without growing the buffer.
  std::string bytes(std::max(static_cast<std::size_t>(status->size) + 1, smallest_read), '\0');
  std::size_t filled = 0;
  for (;;) {
    const auto count = files.read_some(fd->get(), std::span(bytes).subspan(filled));
    if (!count) return at_path(count.error(), path);
    filled += *count;
    if (filled > max_bytes) return too_large(path, max_bytes);
    if (*count == 0) break;
    if (filled == bytes.size()) bytes.resize(bytes.size() + smallest_read + bytes.size() / 2);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace

Result<std::string> read_file(FileSystem& files, const std::string& path, std::size_t max_bytes) {
  return read_checked(files, path, max_bytes, false);
}

Result<std::string> read_trusted_file(FileSystem& files, const std::string& path, std::size_t max_bytes) {
  return read_checked(files, path, max_bytes, true);
}

std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace blastune
