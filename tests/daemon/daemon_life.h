// SPDX-License-Identifier: BSD-3-Clause
//
// Leads a story with the daemon itself, in the time of a simulated machine.
#pragma once

#include <sys/types.h>

#include <deque>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "base/unique_fd.h"
#include "control/control_message.h"
#include "tests/daemon/simulated_machine.h"

namespace blastune {

struct DaemonPrograms {
  std::string daemon;
  std::string worker;
  std::string simulated_time;  // the library to preload
};

class DaemonLife {
 public:
  DaemonLife(Story story, DaemonPrograms programs);
  ~DaemonLife();

  // What did not hold.
  std::vector<std::string> live();
  [[nodiscard]] std::string log() const;
  [[nodiscard]] std::string table_path() const { return machine_.directory() + "/table.json"; }

 private:
  using Reply = Result<ControlReply>;

  void problem(const std::string& what);
  void start_daemon();
  void end_daemon();
  // False when the daemon has hung up or does not come back.
  bool serve_one();
  TimeReply answer(std::int64_t until_ns);
  void carry_out_lines();
  [[nodiscard]] bool is_over() const { return machine_.script().is_over() && to_say_.empty(); }
  // Goes on with what needs the daemon's ear. True while it has to listen.
  bool speak();
  void judge(const StoryLine& line, const Reply& reply);
  [[nodiscard]] StoryFacts facts(const DaemonStatus& status) const;
  [[nodiscard]] std::int64_t drifted() const;

  DaemonPrograms programs_;
  SimulatedMachine machine_;
  UniqueFd listener_;
  UniqueFd connection_;
  pid_t daemon_ = -1;
  std::deque<const StoryLine*> to_say_;
  std::future<Reply> said_;
  bool restarting_ = false;
  std::vector<std::string> problems_;
};

}  // namespace blastune
