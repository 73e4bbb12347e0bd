// SPDX-License-Identifier: BSD-3-Clause
#include "burst_meter.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>

namespace blastune {
namespace {

// More than this is not read: with so many threads the reading would cost more than it tells.
constexpr std::size_t most_threads = 1024;
// The kernel makes the whole of /proc/stat for any part of it, which is slow on large machines; where no
// time was ever stolen, looking now and then is enough.
constexpr double unstolen_interval_seconds = 1.0;

double clock_seconds(clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::optional<std::uint64_t> number_in(std::string_view text, std::size_t field) {
  for (; field > 0; --field) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return std::nullopt;
    text.remove_prefix(std::min(text.find_first_not_of(' ', space), text.size()));
  }
  std::uint64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end == text.data()) return std::nullopt;
  return value;
}

std::optional<std::uint64_t> number_in_file(int file, std::size_t field) {
  std::array<char, 256> text{};
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  if (got <= 0) return std::nullopt;
  return number_in(std::string_view(text.data(), static_cast<std::size_t>(got)), field);
}

}  // namespace

double now_seconds() {
  return clock_seconds(CLOCK_MONOTONIC);
}

RunQueueWait::RunQueueWait() : directory_(::open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

void RunQueueWait::list_threads() {
  for (Thread& thread : threads_) ended_nanoseconds_ += thread.nanoseconds;
  std::vector<Thread> former = std::move(threads_);
  threads_.clear();
  UniqueFd listed(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!listed.valid()) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(listed.get()), &::closedir);
  if (!entries) return;
  (void)listed.release();  // closedir closes it
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string_view text = entry->d_name;
    pid_t id = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), id).ptr != text.data() + text.size())
      continue;
    if (threads_.size() == most_threads) break;
    const auto known =
        std::find_if(former.begin(), former.end(), [id](const Thread& thread) { return thread.id == id; });
    if (known != former.end()) {
      ended_nanoseconds_ -= known->nanoseconds;
      threads_.push_back(std::move(*known));
      continue;
    }
    const std::string name = std::string(text) + "/schedstat";
    Thread thread;
    thread.id = id;
    thread.file.reset(::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC));
    if (thread.file.valid()) threads_.push_back(std::move(thread));
  }
}

double RunQueueWait::seconds() {
  if (!directory_.valid()) return 0;
  // The directory has a link for itself, its parent and each thread.
  struct stat status {};
  const bool counted = ::fstat(directory_.get(), &status) == 0;
  if (!counted || status.st_nlink != threads_.size() + 2) list_threads();
  bool stale = false;
  for (int attempt = 0; attempt < 2; ++attempt) {
    stale = false;
    for (Thread& thread : threads_) {
      const std::optional<std::uint64_t> waited = number_in_file(thread.file.get(), 1);
      if (waited)
        thread.nanoseconds = *waited;
      else
        stale = true;
    }
    if (!stale) break;
    list_threads();
  }
  std::uint64_t sum = ended_nanoseconds_;
  for (const Thread& thread : threads_) sum += thread.nanoseconds;
  return static_cast<double>(sum) * 1e-9;
}

StealTime::StealTime() : file_(::open("/proc/stat", O_RDONLY | O_CLOEXEC)) {}

double StealTime::seconds() {
  if (!file_.valid()) return 0;
  const double now = now_seconds();
  if (last_ == 0 && read_at_ > 0 && now - read_at_ < unstolen_interval_seconds) return 0;
  read_at_ = now;
  // "cpu  user nice system idle iowait irq softirq steal ..."
  constexpr std::size_t steal_field = 8;
  const long ticks_per_second = ::sysconf(_SC_CLK_TCK);
  const std::optional<std::uint64_t> ticks = number_in_file(file_.get(), steal_field);
  if (ticks && ticks_per_second > 0)
    last_ = static_cast<double>(*ticks) / static_cast<double>(ticks_per_second);
  return last_;
}

namespace {

std::int64_t involuntary_switches() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? static_cast<std::int64_t>(usage.ru_nivcsw) : 0;
}

}  // namespace

void BurstMeter::begin() {
  start_.wait = wait_.seconds();
  start_.steal = steal_.seconds();
  start_.switches = involuntary_switches();
  // The user and system time that getrusage gives, at the grain of a nanosecond.
  start_.cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
  start_.wall = now_seconds();
}

BurstContext BurstMeter::end() {
  BurstContext context;
  context.wall_seconds = std::max(1e-9, now_seconds() - start_.wall);
  context.cpu_seconds = std::max(0.0, clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - start_.cpu);
  context.involuntary_switches = std::max<std::int64_t>(0, involuntary_switches() - start_.switches);
  context.steal_seconds = std::max(0.0, steal_.seconds() - start_.steal);
  context.wait_seconds = std::max(0.0, wait_.seconds() - start_.wait);
  return context;
}

}  // namespace blastune
