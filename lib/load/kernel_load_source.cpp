// SPDX-License-Identifier: BSD-3-Clause
#include "load/kernel_load_source.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "base/cgroup_directories.h"
#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_stat_bytes = std::size_t{4} << 20U;
constexpr std::size_t max_value_bytes = 4096;

std::optional<std::int64_t> counter(std::string_view text) {
  const auto value = parse_kernel_number(text);
  return value && *value >= 0 ? value : std::nullopt;
}

// The next field of a line whose fields are separated by blanks.
std::string_view next_field(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return take_until(line, ' ');
}

// The value of the first line that begins with that word.
std::optional<std::int64_t> counter_of_line(std::string_view text, std::string_view word) {
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (next_field(line) == word) return counter(line);
  }
  return std::nullopt;
}

// "cpu7 user nice system idle iowait irq softirq steal guest guest_nice", in ticks; guests are in user, too.
std::optional<ProcessorCounters> parse_processor(std::string_view line, double tick_seconds) {
  constexpr std::string_view word = "cpu";
  std::string_view name = next_field(line);
  if (!name.starts_with(word)) return std::nullopt;
  const auto number = counter(name.substr(word.size()));  // none: the line of all processors together
  if (!number || *number >= max_processor_number) return std::nullopt;
  std::array<double, 8> seconds{};
  constexpr std::size_t always_there = 4;
  for (std::size_t i = 0; i < seconds.size(); ++i) {
    const std::string_view field = next_field(line);
    if (field.empty() && i >= always_there) break;
    const auto ticks = counter(field);
    if (!ticks) return std::nullopt;
    seconds.at(i) = static_cast<double>(*ticks) * tick_seconds;
  }
  const auto [user, nice, system, idle, iowait, irq, softirq, steal] = seconds;
  return ProcessorCounters{static_cast<int>(*number), user + nice + system + irq + softirq, nice, steal,
                           std::nullopt};
}

double seconds_of_tick() {
  const long ticks = ::sysconf(_SC_CLK_TCK);
  return 1.0 / static_cast<double>(ticks > 0 ? ticks : 100);
}

void read_stat(const KernelPaths& paths, LoadReading& reading) {
  const auto text = read_kernel_file(paths.proc + "/stat", max_stat_bytes);
  if (!text) return;
  const double tick_seconds = seconds_of_tick();
  auto& processors = reading.processors;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::string_view line = take_until(rest, '\n');
    if (const auto processor = parse_processor(line, tick_seconds)) processors.push_back(*processor);
  }
  std::stable_sort(processors.begin(), processors.end(),
                   [](const auto& a, const auto& b) { return a.processor < b.processor; });
  processors.erase(std::unique(processors.begin(), processors.end(),
                               [](const auto& a, const auto& b) { return a.processor == b.processor; }),
                   processors.end());
  reading.runnable = counter_of_line(*text, "procs_running");
}

// First line: "some avg10=0.00 avg60=0.00 avg300=0.00 total=76564059", the total in microseconds.
std::optional<double> read_waiting_seconds(const KernelPaths& paths) {
  const auto text = read_kernel_file(paths.proc + "/pressure/cpu", max_value_bytes);
  if (!text) return std::nullopt;
  constexpr std::string_view word = "total=";
  constexpr double seconds_of_unit = 1e-6;
  std::string_view rest = *text;
  std::string_view line = take_until(rest, '\n');
  if (next_field(line) != "some") return std::nullopt;
  while (!line.empty()) {
    const std::string_view field = next_field(line);
    if (!field.starts_with(word)) continue;
    const auto total = counter(field.substr(word.size()));
    return total ? std::optional(static_cast<double>(*total) * seconds_of_unit) : std::nullopt;
  }
  return std::nullopt;
}

// Sums what is there; nothing when nothing is. Counters that no kernel could have reached end the sum.
void add_to(std::optional<std::int64_t>& sum, std::optional<std::int64_t> value) {
  constexpr std::int64_t largest = std::int64_t{1} << 48U;
  if (value && *value <= largest) sum = std::min(sum.value_or(0) + *value, largest);
}

// Only some processors have such a file, and then all of them: a machine without is asked once a reading.
void read_thermal_throttles(const KernelPaths& paths, std::vector<ProcessorCounters>& processors) {
  for (ProcessorCounters& processor : processors) {
    const std::string directory =
        paths.sys + "/devices/system/cpu/cpu" + std::to_string(processor.processor) + "/thermal_throttle/";
    for (const char* name : {"core_throttle_count", "package_throttle_count"}) {
      const auto text = read_kernel_file(directory + name, max_value_bytes);
      if (text) add_to(processor.thermal_throttles, counter(*text));
    }
    if (!processor.thermal_throttles) break;
  }
}

}  // namespace

KernelLoadSource::KernelLoadSource(Clock& clock, KernelPaths paths)
    : clock_(clock), paths_(std::move(paths)) {
  for (const CgroupDirectory& directory : own_cgroup_directories(paths_)) {
    quota_files_.push_back(directory.path + "/cpu.stat");
  }
}

LoadReading KernelLoadSource::read() {
  LoadReading reading;
  reading.monotonic_seconds = clock_.monotonic_seconds();
  read_stat(paths_, reading);
  reading.waiting_seconds = read_waiting_seconds(paths_);
  read_thermal_throttles(paths_, reading.processors);
  for (const std::string& file : quota_files_) {
    const auto text = read_kernel_file(file, max_value_bytes);
    if (text) add_to(reading.quota_throttles, counter_of_line(*text, "nr_throttled"));
  }
  reading.power = read_power(paths_);
  return reading;
}

}  // namespace blastune
