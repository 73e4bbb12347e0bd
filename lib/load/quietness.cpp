// SPDX-License-Identifier: BSD-3-Clause
#include "load/quietness.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace blastune {
namespace {

// What cannot be resolved over so short a time is not held against anybody. Processor time of others is the
// difference of two counters, and of every processor; steal is one counter that seldom moves.
constexpr double unresolved_others_seconds = 0.05;
constexpr double unresolved_steal_seconds = 0.02;
constexpr double share_of_processors = 0.01;

std::string with_digits(double value, int digits) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, digits);
  return end.ec == std::errc() ? std::string(text.data(), end.ptr) : std::string("many");
}

// As many digits as tell it from nothing.
std::string cores(double value) {
  return with_digits(value, value < 0.095 ? 2 : 1);
}

std::string of_processors(const LoadInterval& load) {
  return " of " + std::to_string(load.processors) + (load.processors == 1 ? " processor" : " processors");
}

double allowed(double cores_allowed, double unresolved_seconds, const LoadInterval& load) {
  return std::max({cores_allowed, share_of_processors * load.processors, unresolved_seconds / load.seconds});
}

}  // namespace

Quietness judge(const LoadInterval& load, const QuietLimits& limits, bool measuring) {
  if (!(load.seconds > 0) || load.processors <= 0) {
    return {Disturbance::unknown, "the kernel does not say how the processors are used"};
  }
  if (load.power == Power::battery && !limits.on_battery) {
    return {Disturbance::battery, "the machine runs on its battery"};
  }
  if (load.thermally_throttled) {
    return {Disturbance::thermal, "the processors are slowed down for their temperature"};
  }
  if (load.quota_throttled) {
    return {Disturbance::throttled, "the processor quota of this service is used up"};
  }
  if (load.steal > allowed(limits.steal_cores, unresolved_steal_seconds, load)) {
    return {Disturbance::steal,
            "the hypervisor gives " + cores(load.steal) + of_processors(load) + " to other machines"};
  }
  if (load.used_by_others > allowed(limits.others_cores, unresolved_others_seconds, load)) {
    return {Disturbance::others, "other programs use " + cores(load.used_by_others) + of_processors(load)};
  }
  if (measuring) return {Disturbance::none, "the machine is quiet"};

  // The reader is one of them, and another may just have woken for a moment.
  const auto running = std::max<std::int64_t>(0, load.runnable.value_or(1) - 1);
  if (static_cast<double>(running) > std::max(1.0, share_of_processors * load.processors)) {
    return {Disturbance::others, std::to_string(running) + " tasks of other programs run on " +
                                     std::to_string(load.processors) +
                                     (load.processors == 1 ? " processor" : " processors")};
  }
  if (load.waiting_share.value_or(0) > limits.waiting_share) {
    return {Disturbance::pressure,
            "tasks wait for a processor " + with_digits(100 * *load.waiting_share, 0) + " % of the time"};
  }
  return {Disturbance::none, "the machine is quiet"};
}

}  // namespace blastune
