// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/surroundings_change.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/kernel_file.h"
#include "base/parse.h"

namespace blastune {
namespace {

// Collects sentences of one kind; the first is told, the rest counted.
class Findings {
 public:
  void add(std::string sentence) {
    if (count_++ == 0) first_ = std::move(sentence);
  }
  void tell(ChangeKind kind, std::vector<Change>& changes) const {
    if (count_ == 0) return;
    changes.push_back({kind, count_ == 1 ? first_ : fmt::format("{}, and {} more", first_, count_ - 1)});
  }

 private:
  std::string first_;
  std::size_t count_ = 0;
};

void compare_libraries(const Surroundings& before, const Surroundings& after, Findings& findings) {
  for (const auto& [name, trace] : after.libraries) {
    const auto earlier = before.libraries.find(name);
    if (earlier == before.libraries.end()) {
      findings.add(fmt::format("{} appeared", printable(name)));
    } else if (earlier->second.target != trace.target) {
      findings.add(fmt::format("{} leads to {} now", printable(name), printable(trace.target)));
    } else if (earlier->second != trace) {
      findings.add(fmt::format("{} was replaced", printable(name)));
    }
  }
  for (const auto& [name, trace] : before.libraries) {
    if (!after.libraries.contains(name)) findings.add(fmt::format("{} went away", printable(name)));
  }
}

void compare_loader(const Surroundings& before, const Surroundings& after, Findings& findings) {
  if (before.loader_cache != after.loader_cache) findings.add("the cache of the loader was written");
}

std::vector<int> without(const std::vector<int>& numbers, const std::vector<int>& others) {
  std::vector<int> rest;
  std::set_difference(numbers.begin(), numbers.end(), others.begin(), others.end(), std::back_inserter(rest));
  return rest;
}

std::vector<int> common(const std::vector<int>& numbers, const std::vector<int>& others) {
  std::vector<int> both;
  std::set_intersection(numbers.begin(), numbers.end(), others.begin(), others.end(),
                        std::back_inserter(both));
  return both;
}

std::string processors(const std::vector<int>& numbers) {
  return fmt::format("{} {}", numbers.size() == 1 ? "processor" : "processors",
                     format_processor_list(numbers));
}

void compare_processors(const Surroundings& before, const Surroundings& after, Findings& findings) {
  if (before.online.empty() || after.online.empty()) return;
  const std::vector<int> gone = without(before.online, after.online);
  const std::vector<int> come = without(after.online, before.online);
  if (!gone.empty()) findings.add(fmt::format("{} went offline", processors(gone)));
  if (!come.empty()) findings.add(fmt::format("{} came online", processors(come)));
}

// The kernel takes processors that go offline out of an affinity. This is told as what it is.
bool affinity_changed(const Surroundings& before, const Surroundings& after) {
  if (before.affinity.empty() || after.affinity.empty()) return false;
  if (before.online.empty() || after.online.empty()) return before.affinity != after.affinity;
  const std::vector<int> online = common(before.online, after.online);
  return common(before.affinity, online) != common(after.affinity, online);
}

std::string describe_quota(const std::optional<double>& cores) {
  return cores ? fmt::format("{:.2f}", *cores) : std::string("none");
}

void compare_limits(const Surroundings& before, const Surroundings& after, Findings& findings) {
  if (affinity_changed(before, after)) {
    findings.add(fmt::format("this service may run on {} now", processors(after.affinity)));
  }
  constexpr double told_apart = 0.005;
  const bool changed = before.quota_cores.has_value() != after.quota_cores.has_value() ||
                       std::abs(before.quota_cores.value_or(0) - after.quota_cores.value_or(0)) >= told_apart;
  if (changed) {
    findings.add(fmt::format("the processor quota changed from {} to {}", describe_quota(before.quota_cores),
                             describe_quota(after.quota_cores)));
  }
}

// Settings that came or went did so with their processor.
void compare_speed_settings(const Surroundings& before, const Surroundings& after, Findings& findings) {
  for (const auto& [file, setting] : after.speed_settings) {
    const auto earlier = before.speed_settings.find(file);
    if (earlier == before.speed_settings.end() || earlier->second == setting) continue;
    findings.add(fmt::format("{} changed from {} to {}", printable(file), printable(earlier->second),
                             printable(setting)));
  }
}

// The two clocks are not read at once: less than a second proves nothing.
void compare_suspension(const Surroundings& before, const Surroundings& after, Findings& findings) {
  const double seconds = after.suspended_seconds - before.suspended_seconds;
  if (seconds >= 1) findings.add(fmt::format("the machine was suspended for {:.0f} s", seconds));
}

}  // namespace

std::vector<Change> changes(const Surroundings& before, const Surroundings& after) {
  using Compare = void (*)(const Surroundings&, const Surroundings&, Findings&);
  constexpr std::array<std::pair<ChangeKind, Compare>, 6> comparisons = {{
      {ChangeKind::libraries, compare_libraries},
      {ChangeKind::loader, compare_loader},
      {ChangeKind::processors, compare_processors},
      {ChangeKind::limits, compare_limits},
      {ChangeKind::governor, compare_speed_settings},
      {ChangeKind::resumed, compare_suspension},
  }};
  std::vector<Change> found;
  for (const auto& [kind, compare] : comparisons) {
    Findings findings;
    compare(before, after, findings);
    findings.tell(kind, found);
  }
  return found;
}

}  // namespace blastune
