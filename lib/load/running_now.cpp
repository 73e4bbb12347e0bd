// SPDX-License-Identifier: BSD-3-Clause
#include "load/running_now.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/kernel_file.h"
#include "base/unique_fd.h"
#include "load/task_directory.h"

namespace blastune {
namespace {

// "0.20 0.18 0.12 1/80 11206": the number before the slash.
std::optional<int> running_of(std::string_view text) {
  for (int skipped = 0; skipped < 3; ++skipped) take_until(text, ' ');
  const std::string_view field = take_until(text, '/');
  int running = 0;
  const auto [end, problem] = std::from_chars(field.data(), field.data() + field.size(), running);
  if (problem != std::errc() || end != field.data() + field.size() || running < 0) return std::nullopt;
  return running;
}

// "number (name) state ...". A name may hold anything, parentheses too.
bool is_running(std::string_view text) {
  const std::size_t close = text.rfind(')');
  return close != std::string_view::npos && text.substr(close + 1).starts_with(" R");
}

}  // namespace

std::optional<int> read_running_others(const char* loadavg, const char* tasks) {
  int own = 0;
  const bool was_read = visit_threads(tasks, [&](int directory, const char* thread) {
    std::array<char, 256> room{};
    if (is_running(read_thread_file(directory, thread, "/stat", room))) ++own;
  });
  if (!was_read) return std::nullopt;
  const UniqueFd file(::open(loadavg, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.valid()) return std::nullopt;
  std::array<char, 128> room{};
  const auto got = ::read(file.get(), room.data(), room.size());
  if (got <= 0) return std::nullopt;
  const auto running = running_of({room.data(), static_cast<std::size_t>(got)});
  return running ? std::optional(std::max(0, *running - own)) : std::nullopt;
}

}  // namespace blastune
