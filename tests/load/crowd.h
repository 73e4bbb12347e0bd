// SPDX-License-Identifier: BSD-3-Clause
//
// A machine with many processes that decide by AvailableCores, none knowing of any other, and with others
// that do not. Time goes in steps; who waits for a core is drawn anew in each, thread by thread.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "load/available_cores.h"

namespace blastune {

struct CrowdOptions {
  int cores = 8;
  std::uint64_t seed = 1;
  double noise = 0.05;  // of what a look says of others, in cores, standard deviation
  bool feels_collisions = true;
  double trouble_tail = 0;  // share of steps in which somebody uses a core for a moment, for no reason
};

class Crowd {
 public:
  explicit Crowd(const CrowdOptions& options) : options_(options), random_(options.seed) {}

  // A process that multiplies all the time with as many threads as it thinks there are cores for, or wants.
  int add(int wanted);
  int add(int wanted, int start);
  void end(int process) { members_[static_cast<std::size_t>(process)].running = false; }
  // Threads that run whatever happens.
  void set_busy(int threads) { busy_ = threads; }

  void run(double seconds);

  [[nodiscard]] double now() const { return now_; }
  [[nodiscard]] int cores_of(int process) const { return member(process).available.cores(); }
  [[nodiscard]] int changes_of(int process) const { return member(process).changes; }
  [[nodiscard]] int collisions_of(int process) const { return member(process).collisions; }
  // Of the cores, used by these processes since the last call of forget().
  [[nodiscard]] double used_by(int process) const { return member(process).got / span(); }
  void forget();
  // 1: all running ones have used the same since forget(); 1/n: one has had all. Jain's index.
  [[nodiscard]] double fairness() const;
  [[nodiscard]] double used() const;  // share of the cores, by anybody, since forget()

 private:
  struct Member {
    AvailableCores available;
    int wanted = 0;
    bool running = true;
    double next_look = 0;
    double looked = 0;
    bool collided = false;  // since the last look
    double own = 0;
    double others = 0;
    double got = 0;
    int changes = 0;
    int collisions = 0;
  };

  [[nodiscard]] const Member& member(int process) const {
    return members_[static_cast<std::size_t>(process)];
  }
  [[nodiscard]] double span() const { return now_ - forgot_; }
  void step();

  CrowdOptions options_;
  std::mt19937_64 random_;
  std::vector<Member> members_;
  int busy_ = 0;
  double now_ = 0;
  double forgot_ = 0;
  double all_used_ = 0;
};

}  // namespace blastune
