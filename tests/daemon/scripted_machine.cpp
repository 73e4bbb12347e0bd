// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/scripted_machine.h"

#include <algorithm>
#include <cmath>

namespace blastune {
namespace {

double value(const std::string& word) {
  const auto time = parse_story_time(word);
  return time ? *time : std::stod(word);
}

}  // namespace

double ScriptedMachine::others() const {
  const double busy = std::min<double>(state_.busy, state_.processors);
  if (state_.flicker_off <= 0) return busy;
  const double phase = std::fmod(passed_ - state_.flicker_start, state_.flicker_on + state_.flicker_off);
  return phase < state_.flicker_on ? busy : 0;
}

double ScriptedMachine::next_edge() const {
  double edge = next_line_at();
  if (state_.flicker_off > 0) {
    const double period = state_.flicker_on + state_.flicker_off;
    const double start =
        state_.flicker_start + std::floor((passed_ - state_.flicker_start) / period) * period;
    const double middle = start + state_.flicker_on;
    // Never behind where it is, however that was rounded.
    edge = std::min(edge, std::max(middle > passed_ ? middle : start + period, passed_ + 1e-6));
  }
  return edge;
}

double ScriptedMachine::advance(double seconds) {
  const double end = awake_ + seconds;
  const double start = awake_;
  while (awake_ < end) {
    if (next_ < story_.lines.size() && story_.lines[next_].at <= passed_) break;
    const double edge = next_edge();
    // Past the end of the story the machine goes on as it is.
    const double step = edge > passed_ ? std::min(end - awake_, edge - passed_) : end - awake_;
    others_seconds_ += others() * step;
    const bool is_busy = others() > undisturbed_cores;
    // Whole steps to where they lead: a rounded sum would stop short of an edge for ever.
    passed_ = step == edge - passed_ ? edge : passed_ + step;
    awake_ = step == end - awake_ ? end : awake_ + step;
    if (is_busy) busy_until_ = awake_;
  }
  return awake_ - start;
}

const StoryLine* ScriptedMachine::take_due() {
  if (next_ == story_.lines.size() || story_.lines[next_].at > passed_) return nullptr;
  const StoryLine& line = story_.lines[next_++];
  carry_out(line);
  return &line;
}

void ScriptedMachine::carry_out(const StoryLine& line) {
  const auto& words = line.words;
  if (line.verb == "busy" || line.verb == "flicker") {
    state_.busy = value(words[0]);
    state_.flicker_off = 0;
    if (line.verb == "flicker") {
      state_.flicker_on = value(words[2]);
      state_.flicker_off = value(words[4]);
      state_.flicker_start = passed_;
    }
  } else if (line.verb == "suspend") {
    passed_ += value(words[0]);
  } else if (line.verb == "clock") {
    state_.clock_offset += value(words[0]);
  } else if (line.verb == "library") {
    if (words[0] == "gone") {
      state_.libraries.erase(words[1]);
    } else {
      ++state_.libraries[words[1]];
    }
  } else if (line.verb == "battery") {
    state_.on_battery = words[0] == "on";
  } else if (line.verb == "cpus") {
    state_.processors = static_cast<int>(value(words[0]));
  } else if (line.verb == "governor") {
    state_.governor = words[0];
  } else if (line.verb == "quota") {
    state_.quota = words[0] == "none" ? 0 : value(words[0]);
  } else if (line.verb == "slowdown") {
    state_.slowdown = value(words[0]);
  } else if (line.verb == "flip") {
    ++state_.flips;
  } else if (line.verb == "worker") {
    state_.worker = words[0];
  }
}

}  // namespace blastune
