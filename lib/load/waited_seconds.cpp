// SPDX-License-Identifier: BSD-3-Clause
#include "load/waited_seconds.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/kernel_file.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

constexpr int most_threads = 512;
constexpr std::string_view file_name = "/schedstat";

// What getdents64 fills in; the C library hides it behind readdir(), which allocates.
struct DirectoryEntry {
  std::uint64_t inode;
  std::int64_t offset;
  unsigned short length;
  unsigned char type;
  char name[256];
};

bool is_thread(const char* name) {
  return *name >= '0' && *name <= '9';
}

struct Waited {
  double seconds = 0;
  bool counted = false;  // the kernel counts at all
};

// "ran waited slices": nanoseconds, nanoseconds, a number.
void add_text(std::string_view text, Waited& waited) {
  std::int64_t ran = 0;
  std::int64_t waits = 0;
  const auto number = [&text](std::int64_t& value) {
    const std::string_view field = take_until(text, ' ');
    const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), value);
    return problem == std::errc() && end == field.data() + field.size() && value >= 0;
  };
  if (!number(ran) || !number(waits)) return;
  waited.counted = waited.counted || ran > 0;
  waited.seconds += static_cast<double>(waits) * 1e-9;
}

// One thread's. One that has just ended is not there any more.
void add(int directory, const char* thread, Waited& waited) {
  std::array<char, 64> path{};
  const std::size_t length = ::strnlen(thread, path.size());
  if (length + file_name.size() >= path.size()) return;
  std::memcpy(path.data(), thread, length);
  std::memcpy(path.data() + length, file_name.data(), file_name.size());
  const UniqueFd file(::openat(directory, path.data(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return;
  std::array<char, 128> text{};
  const auto got = ::read(file.get(), text.data(), text.size());
  if (got > 0) add_text({text.data(), static_cast<std::size_t>(got)}, waited);
}

}  // namespace

std::optional<double> read_waited_seconds(const char* directory) {
  const UniqueFd tasks(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!tasks.valid()) return std::nullopt;
  Waited waited;
  int threads = 0;
  alignas(DirectoryEntry) std::array<char, 2048> entries{};
  while (threads < most_threads) {
    const long got = ::syscall(SYS_getdents64, tasks.get(), entries.data(), entries.size());
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    for (long at = 0; at < got && threads < most_threads;) {
      const char* entry = entries.data() + at;
      unsigned short length = 0;
      std::memcpy(&length, entry + offsetof(DirectoryEntry, length), sizeof length);
      if (length == 0) return std::nullopt;
      const char* name = entry + offsetof(DirectoryEntry, name);
      at += length;
      if (!is_thread(name)) continue;
      ++threads;
      add(tasks.get(), name, waited);
    }
  }
  return waited.counted ? std::optional(waited.seconds) : std::nullopt;
}

}  // namespace blastune
