// SPDX-License-Identifier: BSD-3-Clause
//
// The real file system with one fault: a step that fails, a crash before a step (nothing happens from then
// on), or reads and writes that are cut short. Steps count from 0.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.h"

namespace blastune {

class FaultyFileSystem final : public FileSystem {
 public:
  static constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

  std::size_t fail_at = never;   // this step alone fails, with error_number
  std::size_t crash_at = never;  // this step and all later ones do nothing and fail
  int error_number = EIO;
  std::size_t most_bytes = never;  // that one read or write moves

  [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }

  Result<UniqueFd> open_for_reading(const std::string& path) override {
    return step<UniqueFd>("open", [&] { return real_.open_for_reading(path); });
  }
  Result<UniqueFd> create_exclusively(const std::string& path, mode_t mode) override {
    return step<UniqueFd>("create", [&] { return real_.create_exclusively(path, mode); });
  }
  Result<std::size_t> read_some(int fd, std::span<char> bytes) override {
    return step<std::size_t>(
        "read", [&] { return real_.read_some(fd, bytes.first(std::min(bytes.size(), most_bytes))); });
  }
  Result<std::size_t> write_some(int fd, std::string_view bytes) override {
    return step<std::size_t>("write", [&] { return real_.write_some(fd, bytes.substr(0, most_bytes)); });
  }
  Result<void> set_mode(int fd, mode_t mode) override {
    return step<void>("set_mode", [&] { return real_.set_mode(fd, mode); });
  }
  Result<void> sync(int fd) override {
    return step<void>("sync", [&] { return real_.sync(fd); });
  }
  Result<void> sync_directory(const std::string& path) override {
    return step<void>("sync_directory", [&] { return real_.sync_directory(path); });
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return step<void>("rename", [&] { return real_.rename(from, to); });
  }
  Result<void> remove(const std::string& path) override {
    return step<void>("remove", [&] { return real_.remove(path); });
  }
  Result<FileStatus> status(int fd) override {
    return step<FileStatus>("status", [&] { return real_.status(fd); });
  }
  Result<FileStatus> status(const std::string& path) override {
    return step<FileStatus>("status", [&] { return real_.status(path); });
  }
  Result<void> create_directory(const std::string& path, mode_t mode) override {
    return step<void>("create_directory", [&] { return real_.create_directory(path, mode); });
  }
  Result<std::vector<std::string>> list_directory(const std::string& path) override {
    return step<std::vector<std::string>>("list", [&] { return real_.list_directory(path); });
  }

 private:
  template <class T, class Do>
  Result<T> step(const char* name, Do action) {
    const std::size_t number = steps_.size();
    steps_.emplace_back(name);
    if (number == fail_at || number >= crash_at)
      return system_error(std::string("fault at ") + name, error_number);
    return action();
  }

  RealFileSystem real_;
  std::vector<std::string> steps_;
};

}  // namespace blastune
