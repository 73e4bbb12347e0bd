// SPDX-License-Identifier: BSD-3-Clause
#include "load/waited_seconds.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "base/kernel_file.h"
#include "load/task_directory.h"

namespace blastune {
namespace {

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

}  // namespace

std::optional<double> read_waited_seconds(const char* directory) {
  Waited waited;
  const bool was_read = visit_threads(directory, [&](int tasks, const char* thread) {
    std::array<char, 128> room{};
    add_text(read_thread_file(tasks, thread, "/schedstat", room), waited);
  });
  return was_read && waited.counted ? std::optional(waited.seconds) : std::nullopt;
}

}  // namespace blastune
