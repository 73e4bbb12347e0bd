// SPDX-License-Identifier: BSD-3-Clause
//
// The processor time that the service allows itself. Pure: times are awake seconds, told by the caller, never
// going back.
#pragma once

#include <array>
#include <cstdint>

namespace blastune {

// Flows in steadily, up to an hour's worth; what is spent flows out.
class CpuBudget {
 public:
  // share: of one core. It does not start with an hour's worth, so that a service that is started again and
  // again cannot spend more than one that runs.
  CpuBudget(double share, double start_seconds) : share_(share), available_(start_seconds) {}

  void advance(double now);
  // May go below zero: what was begun is finished.
  void spend(double seconds) { available_ -= seconds; }
  // Adds what somebody asked for, beyond the share.
  void grant(double seconds) { available_ += seconds; }
  void set_share(double share);

  [[nodiscard]] double available() const { return available_; }
  [[nodiscard]] double hourly() const { return share_ * 3600; }
  // Until so much is available if nothing is spent; 0 when it is already. Levels above hourly() are never
  // reached, so they count as that.
  [[nodiscard]] double seconds_until(double level) const;

 private:
  double share_;
  double available_;
  double last_ = 0;
  bool started_ = false;
};

// What was spent in the last hour, to the minute.
class HourlySpending {
 public:
  void add(double now, double seconds);
  [[nodiscard]] double last_hour(double now) const;
  [[nodiscard]] double total() const { return total_; }

 private:
  struct Minute {
    std::int64_t number = -1;
    double seconds = 0;
  };
  std::array<Minute, 60> minutes_{};
  double total_ = 0;
};

}  // namespace blastune
