// SPDX-License-Identifier: BSD-3-Clause
#include "cli/format.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <ctime>
#include <iterator>
#include <utility>

namespace blastune {

std::string seconds_text(double seconds) {
  constexpr std::array<std::pair<double, std::string_view>, 4> units{
      {{1, "s"}, {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}}};
  for (const auto& [size, unit] : units) {
    // 999.5 of a unit would be printed as 1000 of it.
    if (seconds < 0.9995 * size && size > 1e-9) continue;
    const double value = seconds / size;
    const int decimals = value < 9.995 ? 2 : (value < 99.95 ? 1 : 0);
    return fmt::format("{:.{}f} {}", value, decimals, unit);
  }
  return "0 s";
}

std::string count_text(std::int64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::vector<int> counts_to_show(const std::vector<int>& counts, int best) {
  constexpr std::size_t few = 8;
  if (counts.size() <= few) return counts;
  std::vector<int> shown;
  std::ranges::copy_if(counts, std::back_inserter(shown), [&](int count) {
    return std::has_single_bit(static_cast<unsigned>(count)) || count == best || count == counts.back();
  });
  return shown;
}

std::string date_text(std::int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm local{};
  if (localtime_r(&time, &local) == nullptr) return "an unknown time";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

std::string age_text(std::int64_t seconds) {
  if (seconds < 120) return count_text(seconds < 0 ? 0 : seconds, "second");
  if (seconds < 2 * 3600) return count_text(seconds / 60, "minute");
  if (seconds < 2 * 86400) return count_text(seconds / 3600, "hour");
  return count_text(seconds / 86400, "day");
}

}  // namespace blastune
