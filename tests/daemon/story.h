// SPDX-License-Identifier: BSD-3-Clause
//
// A machine's life as text, one event a line, so that the same life can be led by the scheduler alone and by
// the whole daemon:
//
//   # a comment
//   at 0s library new pthread        a library appears; also: gone, changed (a package's upgrade in place)
//   at 0s busy 1.7                   processors that others use from now on
//   at 1h flicker 1 on 1s off 2s     the same, on and off in turn
//   at 8h suspend 9h                 what falls into it happens when the machine wakes
//   at 3h clock -7200s               somebody sets the clock
//   at 6h battery on                 or off
//   at 7h cpus 1                     processors that are online
//   at 1h governor powersave
//   at 4h quota 1.5                  of the service's own cgroup, in processors; or: none
//   at 9h slowdown 3                 every multiply takes so many times as long as at the start
//   at 9h flip                       the best counts are others than before
//   at 9h worker hangs               or: crashes, lies, ok
//   at 9h ask measure-now            or: reload
//   at 9h restart                    the daemon ends and starts again
//   at 2m expect measured-nothing    what must hold then; without a time: at the end
//   expect last-hour <= 36
//   until 3d
//
// What can be expected: an activity or `wait REASON` by their names in the status, `measured-nothing`, and
// FIGURE OPERATOR VALUE with the figures of figure() and the operators <=, >=, =. Durations are 1d2h3m4.5s.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "control/daemon_status.h"

namespace blastune {

struct StoryLine {
  double at = 0;  // seconds since the start, suspended or not
  std::string verb;
  std::vector<std::string> words;
  std::string text;  // the whole line, for messages
};

struct Story {
  double until = 0;
  std::vector<StoryLine> lines;  // by their times
};

// "1d2h3m4.5s", "+365d", "-7200s".
Result<double> parse_story_time(std::string_view text);
Result<Story> parse_story(std::string_view text);

// What whoever leads the life saw of the service at one moment.
struct StoryFacts {
  Activity activity = Activity::starting;
  WaitReason wait = WaitReason::none;
  std::int64_t builds = 0;
  std::int64_t usable = 0;   // of the builds
  std::int64_t certain = 0;  // of the builds: every gemm is
  std::int64_t slices = 0;   // of measuring
  std::int64_t disturbed = 0;
  std::int64_t drifted = 0;                 // checks that found what is not as it was
  double spent = 0;                         // seconds of processor time since the daemon's start
  double last_hour = 0;                     // of these
  double measured_seconds = 0;              // of all tables
  std::optional<double> seconds_unchecked;  // of the table that was checked longest ago
};

// builds, usable, certain, slices, disturbed, drifted, spent, last-hour, measured-seconds, unchecked.
std::optional<double> figure(const StoryFacts& facts, std::string_view name);
// What is not as the line expects; empty when it is.
[[nodiscard]] std::string violated(const StoryLine& line, const StoryFacts& facts);

}  // namespace blastune
