// SPDX-License-Identifier: BSD-3-Clause
//
// The machine of a story: its clocks, and what others make of it at every moment. Whoever leads the life
// moves it on and is told each line at its time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/daemon/story.h"

namespace blastune {

struct ScriptedState {
  double busy = 0;  // processors that others use, as written
  double flicker_on = 0;
  double flicker_off = 0;    // 0: it does not flicker
  double flicker_start = 0;  // when the story said so, as passed seconds
  int processors = 2;        // online
  double quota = 0;          // 0: none
  bool on_battery = false;
  std::string governor = "performance";
  std::string worker = "ok";
  double slowdown = 1;
  int flips = 0;
  double clock_offset = 0;               // of the settable clock
  std::map<std::string, int> libraries;  // name -> how often it was changed
};

class ScriptedMachine {
 public:
  explicit ScriptedMachine(Story story) : story_(std::move(story)) {}

  [[nodiscard]] const ScriptedState& state() const { return state_; }
  [[nodiscard]] double awake() const { return awake_; }
  [[nodiscard]] double passed() const { return passed_; }
  // Passed seconds; of the end after the last one.
  [[nodiscard]] double next_line_at() const {
    return next_ < story_.lines.size() ? story_.lines[next_].at : story_.until;
  }
  [[nodiscard]] bool is_over() const { return next_ == story_.lines.size() && passed_ >= story_.until; }
  // Processors that others use now, and the processor seconds they have used since the start.
  [[nodiscard]] double others() const;
  [[nodiscard]] double others_seconds() const { return others_seconds_; }
  // When others used more than `cores` for the last time, in awake seconds; below 0: never.
  [[nodiscard]] double busy_until() const { return busy_until_; }

  // Moves on by `seconds` awake, or until the next line is due. Says by how much.
  double advance(double seconds);
  // The next line whose time has come, carried out; nothing when none has.
  const StoryLine* take_due();

 private:
  [[nodiscard]] double next_edge() const;  // passed seconds until which nothing changes
  void carry_out(const StoryLine& line);

  Story story_;
  ScriptedState state_;
  std::size_t next_ = 0;
  double awake_ = 0;
  double passed_ = 0;
  double others_seconds_ = 0;
  double busy_until_ = -1;
};

// Above it others disturb.
inline constexpr double undisturbed_cores = 0.1;

}  // namespace blastune
