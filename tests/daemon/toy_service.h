// SPDX-License-Identifier: BSD-3-Clause
//
// Leads a story with the scheduler alone: it does what the scheduler decides on builds that are nothing but
// counts of uncertain gemms, and watches that the decisions keep what the scheduler promises.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/scheduler.h"
#include "tests/daemon/scripted_machine.h"

namespace blastune {

struct ToyReport {
  std::vector<std::string> problems;  // expectations and promises that did not hold
  StoryFacts facts;                   // at the end
  std::size_t decisions = 0;
  double longest_unchecked = 0;   // of any table, while it was
  double longest_turn = 0;        // of a build, while another had had less
  std::vector<double> occasions;  // when further ones ended, of all builds
  std::vector<double> trace;      // of everything that was decided, for comparing two lives
};

class ToyService {
 public:
  ToyService(Story story, SchedulerOptions options);

  ToyReport live();

 private:
  struct ToyBuild {
    std::string name;
    int version = 0;  // of the file
    BuildView view;
    double slowdown = 1;  // what its table knows
    int flips = 0;
    int check_slices = 0;  // done of the present check
    int again_slices = 0;  // done of the present occasion
    int failures = 0;
    double retry_at = 0;  // awake; after failures
  };
  struct Payment {
    double at = 0;
    double seconds = 0;
  };

  [[nodiscard]] Instant now() const { return {machine_.awake(), machine_.passed()}; }
  [[nodiscard]] StoryFacts facts(const Decision& decision) const;
  [[nodiscard]] WaitReason unready() const;
  void problem(const std::string& what);
  void check_promises(const Decision& decision);
  void check_budget();
  void look();
  void wait(const Decision& decision);
  void work(const Decision& decision);
  void carry_out_lines(const Decision& decision);
  void carry_out(const StoryLine& line, const Decision& decision);
  void find_libraries();
  void want_checks();
  void finish_slice(ToyBuild& build, const Decision& decision, double start, bool disturbed);
  void end_check(ToyBuild& build);
  void count_turn(std::size_t index, double seconds);

  ScriptedMachine machine_;
  SchedulerOptions options_;
  Scheduler scheduler_;
  std::vector<ToyBuild> builds_;
  std::map<std::string, ToyBuild> forgotten_;  // tables of builds that are gone
  double read_at_ = 0;                         // the last reading of the load
  double looked_at_ = -1;
  int disturbed_in_a_row_ = 0;
  std::int64_t slices_ = 0;
  std::int64_t disturbed_ = 0;
  std::int64_t drifted_ = 0;
  double granted_ = 0;
  std::string turn_of_;
  double turn_ = 0;
  std::vector<Payment> payments_;
  std::array<double, 100> wakes_{};
  ToyReport report_;
};

}  // namespace blastune
