// SPDX-License-Identifier: BSD-3-Clause
//
// The threads of a process, as its task directory lists them. readdir() would allocate, and the client reads
// this in the middle of its host's calls.
#pragma once

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/unique_fd.h"

namespace blastune {

// visit(descriptor of the directory, name of a thread) for each thread, the first 512 of them. False where
// the directory cannot be read.
template <class Visit>
bool visit_threads(const char* directory, const Visit& visit) {
  // What getdents64 fills in; the C library hides it.
  struct Entry {
    std::uint64_t inode;
    std::int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[256];
  };
  constexpr int most_threads = 512;
  const UniqueFd tasks(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!tasks.valid()) return false;
  int threads = 0;
  alignas(Entry) std::array<char, 2048> entries{};
  while (threads < most_threads) {
    const long got = ::syscall(SYS_getdents64, tasks.get(), entries.data(), entries.size());
    if (got < 0) return false;
    if (got == 0) break;
    for (long at = 0; at < got && threads < most_threads;) {
      const char* entry = entries.data() + at;
      unsigned short length = 0;
      std::memcpy(&length, entry + offsetof(Entry, length), sizeof length);
      if (length == 0) return false;
      const char* name = entry + offsetof(Entry, name);
      at += length;
      if (*name < '0' || *name > '9') continue;
      ++threads;
      visit(tasks.get(), name);
    }
  }
  return true;
}

// The beginning of a thread's file, such as "/stat"; empty where it cannot be read, as of a thread that has
// just ended. It lies in `room`.
inline std::string_view read_thread_file(int directory, const char* thread, std::string_view file,
                                         std::span<char> room) {
  std::array<char, 64> path{};
  const std::size_t length = ::strnlen(thread, path.size());
  if (length + file.size() >= path.size()) return {};
  std::memcpy(path.data(), thread, length);
  std::memcpy(path.data() + length, file.data(), file.size());
  const UniqueFd opened(::openat(directory, path.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!opened.valid()) return {};
  const auto got = ::read(opened.get(), room.data(), room.size());
  return got > 0 ? std::string_view(room.data(), static_cast<std::size_t>(got)) : std::string_view();
}

}  // namespace blastune
