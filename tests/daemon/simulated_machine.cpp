// SPDX-License-Identifier: BSD-3-Clause
#include "tests/daemon/simulated_machine.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <sstream>

namespace blastune {
namespace {

constexpr double second_ns = 1e9;
// The story begins when the machine has run for a while.
constexpr double start_seconds = 1000;
constexpr double start_unix_seconds = 1.8e9;
constexpr int built_in_processors = 2;

std::int64_t in_ns(double seconds) {
  return std::llround(seconds * second_ns);
}

std::string list(int processors) {
  return processors == 1 ? "0\n" : "0-" + std::to_string(processors - 1) + "\n";
}

}  // namespace

SimulatedMachine::SimulatedMachine(Story story, const std::string& worker) : script_(std::move(story)) {
  namespace fs = std::filesystem;
  tree_.write("time", std::string(sizeof(SimulatedTime), '\0'));
  clocks_ = map_simulated_time(clock().c_str());
  if (clocks_ == nullptr) std::abort();
  fs::create_directories(libraries());
  fs::create_symlink(worker, this->worker());

  tree_.write("kernel/proc/cpuinfo", "processor\t: 0\nmodel name\t: Simulated\n");
  tree_.write("kernel/proc/self/cgroup", "0::/blastuned\n");
  tree_.write("kernel/proc/self/mountinfo",
              "35 25 0:30 / " + directory() + "/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw\n");
  tree_.write("kernel/proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
  tree_.write("cgroup/blastuned/cpu.stat", "usage_usec 0\nnr_periods 0\nnr_throttled 0\n");
  tree_.write("kernel/sys/devices/system/cpu/present", list(built_in_processors));
  tree_.write("kernel/sys/class/power_supply/AC/type", "Mains\n");
  tree_.write("kernel/sys/class/power_supply/BAT0/type", "Battery\n");
  write_settings();
  write_clocks();
  show();
}

double SimulatedMachine::awake_seconds() const {
  return static_cast<double>(clocks_->awake_ns) / second_ns - start_seconds;
}

std::int64_t SimulatedMachine::next_line_ns() const {
  return in_ns(script_.awake() + script_.next_line_at() - script_.passed() + start_seconds);
}

void SimulatedMachine::advance(std::int64_t until_ns) {
  const double until = static_cast<double>(until_ns) / second_ns - start_seconds;
  if (until > script_.awake()) script_.advance(until - script_.awake());
  write_clocks();
}

void SimulatedMachine::write_clocks() {
  // Workers move it too, and never back.
  const std::int64_t awake = in_ns(script_.awake() + start_seconds);
  std::int64_t shown = clocks_->awake_ns;
  while (shown < awake && !clocks_->awake_ns.compare_exchange_weak(shown, awake)) continue;
  clocks_->suspended_ns = in_ns(script_.passed() - script_.awake());
  clocks_->unix_ns = in_ns(start_unix_seconds + script_.state().clock_offset);
  clocks_->processors = script_.state().processors;
}

const StoryLine* SimulatedMachine::take_due() {
  const StoryLine* line = script_.take_due();
  if (line == nullptr) return nullptr;
  if (line->verb == "library") write_libraries();
  write_settings();
  write_clocks();
  return line;
}

void SimulatedMachine::write_libraries() {
  namespace fs = std::filesystem;
  for (const auto& entry : fs::directory_iterator(libraries())) fs::remove(entry.path());
  for (const auto& [name, version] : script_.state().libraries) {
    std::ostringstream id;
    id << std::hex << std::hash<std::string>{}(name + std::to_string(version));
    tree_.write("libraries/libopenblas_" + name + ".so.0",
                "\x7f"
                "ELF " +
                    id.str() + "\n");
  }
}

void SimulatedMachine::write_settings() {
  const ScriptedState& state = script_.state();
  tree_.write("kernel/sys/devices/system/cpu/online", list(state.processors));
  tree_.write("kernel/sys/devices/system/cpu/cpufreq/policy0/scaling_governor", state.governor + "\n");
  tree_.write("kernel/sys/class/power_supply/AC/online", state.on_battery ? "0\n" : "1\n");
  tree_.write("kernel/sys/class/power_supply/BAT0/status", state.on_battery ? "Discharging\n" : "Full\n");
  tree_.write("cgroup/blastuned/cpu.max",
              (state.quota > 0 ? std::to_string(std::lround(state.quota * 1e5)) : "max") + " 100000\n");
  std::ostringstream present;
  present << state.worker << " " << state.slowdown << " " << state.flips << "\n";
  // A worker may be reading it.
  tree_.write("present.new", present.str());
  std::filesystem::rename(directory() + "/present.new", directory() + "/present");
}

void SimulatedMachine::show() {
  const int processors = script_.state().processors;
  const double worked = static_cast<double>(clocks_->worked_ns) / second_ns;
  const double awake = script_.awake();
  const double used = script_.others_seconds() - shown_others_ + worked - shown_worked_;
  std::string text;
  for (int i = 0; i < processors; ++i) {
    double& busy = busy_seconds_[i];
    busy += std::min(used / processors, awake - shown_at_);
    std::array<char, 96> line{};
    std::snprintf(line.data(), line.size(), "cpu%d %.0f 0 0 %.0f 0 0 0 0 0 0\n", i, std::floor(busy * 100),
                  std::floor((start_seconds + awake - busy) * 100));
    text += line.data();
  }
  const long running = 1 + std::lround(std::ceil(script_.others() - undisturbed_cores));
  text += "procs_running " + std::to_string(running) + "\n";
  tree_.write("kernel/proc/stat", text);
  shown_others_ = script_.others_seconds();
  shown_worked_ = worked;
  shown_at_ = awake;
}

}  // namespace blastune
