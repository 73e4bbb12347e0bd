// SPDX-License-Identifier: BSD-3-Clause
//
// The machine of a story as files: the kernel's counters that a daemon reads, the libraries it finds, the
// clocks it shares with the preloaded tests/fixtures/simulated_time.cpp. All of it lies below one directory.
#pragma once

#include <map>
#include <string>

#include "tests/base/kernel_tree.h"
#include "tests/daemon/scripted_machine.h"
#include "tests/fixtures/simulated_time.h"

namespace blastune {

class SimulatedMachine {
 public:
  // worker: a program that is started under a name in the directory.
  SimulatedMachine(Story story, const std::string& worker);

  [[nodiscard]] const ScriptedMachine& script() const { return script_; }
  [[nodiscard]] const std::string& directory() const { return tree_.root(); }
  [[nodiscard]] std::string kernel_root() const { return directory() + "/kernel"; }
  [[nodiscard]] std::string libraries() const { return directory() + "/libraries"; }
  [[nodiscard]] std::string worker() const { return directory() + "/worker"; }
  [[nodiscard]] std::string clock() const { return directory() + "/time"; }
  [[nodiscard]] std::int64_t awake_ns() const { return clocks_->awake_ns; }

  // The clock that the daemon sees, as the story counts.
  [[nodiscard]] double awake_seconds() const;

  // When the story goes on.
  [[nodiscard]] std::int64_t next_line_ns() const;

  // Moves on until then, or to the next line of the story. What workers did meanwhile has moved the clock
  // already; the story follows it.
  void advance(std::int64_t until_ns);
  // The next line whose time has come, carried out; nothing when none has.
  const StoryLine* take_due();
  // Writes what the kernel shows now.
  void show();

 private:
  void write_settings();
  void write_libraries();
  void write_clocks();

  KernelTree tree_;
  ScriptedMachine script_;
  SimulatedTime* clocks_ = nullptr;
  std::map<int, double> busy_seconds_;  // by processor
  double shown_others_ = 0;
  double shown_worked_ = 0;
  double shown_at_ = 0;
};

}  // namespace blastune
