// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/surroundings.h"

#include <sys/stat.h>
#include <time.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/cpu_limits.h"
#include "base/file_system.h"
#include "base/kernel_file.h"

namespace blastune {
namespace {

constexpr std::size_t max_list_bytes = std::size_t{64} << 10U;
constexpr std::size_t max_value_bytes = 256;
constexpr std::size_t max_policies = 4096;

std::optional<FileTrace> trace_of(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0) return std::nullopt;
  std::error_code problem;
  const auto target = std::filesystem::canonical(path, problem);
  if (problem) return std::nullopt;
  constexpr std::int64_t ns_of_second = 1'000'000'000;
  return FileTrace{target.string(), st.st_dev, st.st_ino, st.st_size,
                   st.st_mtim.tv_sec * ns_of_second + st.st_mtim.tv_nsec};
}

std::map<std::string, FileTrace> trace_libraries(const DiscoveryOptions& places) {
  std::vector<std::string> names = libraries_in(places.directories);
  names.insert(names.end(), places.files.begin(), places.files.end());
  // The names that programs ask for: where they lead changes without any library changing.
  for (const std::string& directory : places.directories) {
    for (const std::string& name : places.names) names.push_back(directory + "/" + name);
  }
  std::map<std::string, FileTrace> traces;
  for (const std::string& name : names) {
    if (auto trace = trace_of(name)) traces.emplace(name, std::move(*trace));
  }
  return traces;
}

void read_setting(const std::string& file, std::map<std::string, std::string>& settings) {
  const auto text = read_kernel_file(file, max_value_bytes);
  if (text && !trim(*text).empty()) settings.emplace(file, trim(*text));
}

// With most laptops' drivers the governor stays, and what the desktop's power profiles change is a
// preference.
std::map<std::string, std::string> read_speed_settings(const std::string& cpus) {
  std::map<std::string, std::string> settings;
  read_setting(cpus + "/intel_pstate/no_turbo", settings);
  read_setting(cpus + "/cpufreq/boost", settings);
  RealFileSystem files;
  auto policies = files.list_directory(cpus + "/cpufreq");
  if (!policies) return settings;
  if (policies->size() > max_policies) policies->resize(max_policies);
  for (const std::string& policy : *policies) {
    if (!policy.starts_with("policy")) continue;
    const std::string directory = cpus + "/cpufreq/" + policy;
    read_setting(directory + "/scaling_governor", settings);
    read_setting(directory + "/energy_performance_preference", settings);
  }
  return settings;
}

double seconds_of(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

// Neither of the two can be set; they part only while the machine is suspended. Who is kept from running
// between asking them asks again.
double read_suspended_seconds() {
  constexpr int most_tries = 10;
  constexpr double close_enough = 0.1;
  double suspended = 0;
  for (int tries = 0; tries < most_tries; ++tries) {
    const double before = seconds_of(CLOCK_MONOTONIC);
    const double boot = seconds_of(CLOCK_BOOTTIME);
    const double after = seconds_of(CLOCK_MONOTONIC);
    suspended = boot - (before + after) / 2;
    if (after - before < close_enough) break;
  }
  return suspended;
}

}  // namespace

Surroundings read_surroundings(const DiscoveryOptions& places, const SurroundingsPaths& paths) {
  Surroundings now;
  const std::string cpus = paths.kernel.sys + "/devices/system/cpu";
  now.libraries = trace_libraries(places);
  now.loader_cache = trace_of(paths.loader_cache);
  if (const auto online = read_kernel_file(cpus + "/online", max_list_bytes)) {
    now.online = parse_processor_list(*online).value_or(std::vector<int>{});
  }
  CpuLimits limits = read_cpu_limits(paths.kernel);
  now.affinity = std::move(limits.affinity);
  now.quota_cores = limits.quota_cores;
  now.speed_settings = read_speed_settings(cpus);
  now.suspended_seconds = read_suspended_seconds();
  return now;
}

}  // namespace blastune
