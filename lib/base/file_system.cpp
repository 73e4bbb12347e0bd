// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>

namespace blastune {
namespace {

constexpr mode_t permission_bits = 07777;

// Repeats a system call that a signal cut off before it did anything.
template <class Call>
auto retry_on_signal(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

FileStatus to_status(const struct stat& st) {
  return FileStatus{S_ISREG(st.st_mode), st.st_mode & permission_bits, st.st_uid,
                    static_cast<std::uint64_t>(st.st_size), st.st_mtim.tv_sec};
}

}  // namespace

Result<UniqueFd> RealFileSystem::open_for_reading(const std::string& path) {
  UniqueFd fd(
      retry_on_signal([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY); }));
  if (!fd.valid()) return system_error("cannot open " + path, errno);
  return fd;
}

Result<UniqueFd> RealFileSystem::create_exclusively(const std::string& path, mode_t mode) {
  UniqueFd fd(retry_on_signal(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode); }));
  if (!fd.valid()) return system_error("cannot create " + path, errno);
  return fd;
}

Result<std::size_t> RealFileSystem::read_some(int fd, std::span<char> bytes) {
  const auto count = retry_on_signal([&] { return ::read(fd, bytes.data(), bytes.size()); });
  if (count < 0) return system_error("cannot read", errno);
  return static_cast<std::size_t>(count);
}

Result<std::size_t> RealFileSystem::write_some(int fd, std::string_view bytes) {
  const auto count = retry_on_signal([&] { return ::write(fd, bytes.data(), bytes.size()); });
  if (count < 0) return system_error("cannot write", errno);
  return static_cast<std::size_t>(count);
}

Result<void> RealFileSystem::set_mode(int fd, mode_t mode) {
  if (::fchmod(fd, mode) != 0) return system_error("cannot set permissions", errno);
  return {};
}

Result<void> RealFileSystem::sync(int fd) {
  if (retry_on_signal([&] { return ::fsync(fd); }) != 0) return system_error("cannot flush to disk", errno);
  return {};
}

Result<void> RealFileSystem::sync_directory(const std::string& path) {
  const UniqueFd fd(
      retry_on_signal([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY); }));
  if (!fd.valid()) return system_error("cannot open directory " + path, errno);
  const bool flushed = retry_on_signal([&] { return ::fsync(fd.get()); }) == 0;
  if (!flushed && errno != EINVAL && errno != ENOTSUP) {
    return system_error("cannot flush directory " + path + " to disk", errno);
  }
  return {};
}

Result<void> RealFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0)
    return system_error("cannot rename " + from + " to " + to, errno);
  return {};
}

Result<void> RealFileSystem::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return system_error("cannot remove " + path, errno);
  return {};
}

Result<FileStatus> RealFileSystem::status(int fd) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) return system_error("cannot stat", errno);
  return to_status(st);
}

Result<FileStatus> RealFileSystem::status(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return system_error("cannot stat " + path, errno);
  return to_status(st);
}

Result<void> RealFileSystem::create_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) != 0) return system_error("cannot create directory " + path, errno);
  return {};
}

Result<std::vector<std::string>> RealFileSystem::list_directory(const std::string& path) {
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  const std::unique_ptr<DIR, Close> directory(::opendir(path.c_str()));
  if (!directory) return system_error("cannot list directory " + path, errno);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_error("cannot list directory " + path, errno);
  return names;
}

}  // namespace blastune
