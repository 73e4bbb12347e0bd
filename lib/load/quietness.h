// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a machine that was used like this is quiet enough to measure on, or was while we measured. Pure.
//
// How far the figures can be trusted (Linux 6.18, 250 ticks a second, two processors, both kept busy by
// ourselves, others using less than 0.05 of a processor): over a quarter of a second `used_by_others` lay
// within 0.1 of nothing, 95 of 100 within 0.05; over a second within 0.03. One more program that wanted a
// whole processor showed as 0.5 to 1.0, or as 1.0 to 1.2 where our own ran at nice 19. So a slice of 0.25 s
// can be judged by itself at the default of 0.2; shorter intervals are judged as much more leniently as the
// counters, which move by 10 ms, are coarser for them. Let the interval span the whole slice, and look over
// a second or more before the first one.
//
// Pressure, and tasks that run at this moment, say nothing while our own threads are among them: pressure
// then reached 0.5 of a quarter of a second though nearly nobody else was there. They are looked at only when
// we do not measure. With nobody measuring it stayed under 0.02, and under 0.1 beside one busy program: it
// shows where processors are short, not where they are used.
#pragma once

#include <cstdint>
#include <string>

#include "load/load_interval.h"

namespace blastune {

struct QuietLimits {
  // On large machines a hundredth of the processors, where that is more.
  double others_cores = 0.2;
  double steal_cores = 0.1;
  double waiting_share = 0.1;
  bool on_battery = false;  // whether it may be measured then
};

// In the order they are told: what lasts longest first.
enum class Disturbance : std::uint8_t {
  none,       // quiet
  unknown,    // the kernel does not say how its processors are used
  battery,    // no mains power
  thermal,    // the processors were slowed down for their temperature
  throttled,  // our own cgroup, or one above it, ran out of its quota
  steal,      // the hypervisor gave this machine's time to others
  others,     // other programs use the processors
  pressure,   // tasks wait for a processor
};

struct Quietness {
  Disturbance disturbance = Disturbance::none;
  std::string sentence;  // for a person, without a full stop: "other programs use 1.3 of 2 processors"

  [[nodiscard]] bool quiet() const { return disturbance == Disturbance::none; }
};

// measuring: our own workers ran during the interval.
[[nodiscard]] Quietness judge(const LoadInterval& load, const QuietLimits& limits, bool measuring);

}  // namespace blastune
