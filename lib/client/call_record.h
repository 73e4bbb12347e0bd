// SPDX-License-Identifier: BSD-3-Clause
//
// What a thread knows of one gemm under one limit: from the table to begin with, and from its own calls. It
// says before a call how many threads the call gets, and takes after it the seconds that the call took. Pure:
// it knows no clock and no library.
//
// Two counts compete: one thread, and the best of two or more. For each there is one estimate, seeded by the
// table and moved by every timed call, in which the gemm's own difference from the table (its operands lie
// elsewhere, its program is another one) is told apart from the state of the machine, which all gemms have in
// common. The count that is not held is called the challenger. Where it could be the faster one within what
// is not known, some calls now and then are given to it: a probe. What probes cost is bounded by 0.5 % of the
// time.
#pragma once

#include <cstdint>

#include "load/machine_state.h"
#include "model/advice.h"

namespace blastune {

class CallRecord {
 public:
  struct Plan {
    int threads = 0;      // 0: no opinion
    bool teaches = true;  // after() wants to know how long it took
  };

  // Nothing is known.
  CallRecord() = default;
  // What the table knows of the counts that a limit allows.
  explicit CallRecord(const Alternatives& table);

  [[nodiscard]] bool has_opinion() const { return several_ > 0; }

  // The next call, in the state as it is estimated now.
  Plan before(const MachineState& state);
  // Without a probe, and without a trace: what before() would choose.
  [[nodiscard]] int threads(double state) const { return has_opinion() && prefers_one(state) ? 1 : several_; }
  // What a call with one or with several threads is expected to take in that state.
  [[nodiscard]] double expected_seconds(int threads, double state) const;
  // A call that did not wait for a processor took that long. It moves the record, and the state if it had
  // several threads.
  void after(int threads, double seconds, MachineState& state);

 private:
  struct Estimate {
    float log_seconds = 0;
    float variance = 0;

    // By a surprise of that much, of which `share` belongs to this estimate.
    void move(double surprise, double share);
  };

  [[nodiscard]] bool prefers_one(double state) const;
  [[nodiscard]] double log_expected(bool with_one, double state) const;
  void find_crossover();
  void plan_probe(const MachineState& state);

  std::uint16_t several_ = 0;  // the best count of two or more; 0: no opinion
  bool holds_one_ = false;
  bool is_new_ = true;            // its first call finds nothing in any cache, and teaches nothing
  std::uint8_t probe_left_ = 0;   // calls that the challenger still gets
  std::uint32_t calls_left_ = 0;  // until the next probe is considered
  Estimate one_;
  Estimate more_;  // with several threads, in state 0
  float loading_ = 1;
  float handicap_ = 0;   // of one thread against several, while own calls have not settled the matter
  float unsettled_ = 0;  // the variance of both estimates at first
  float crossover_ = 0;  // one thread is faster in states above
};

}  // namespace blastune
