// SPDX-License-Identifier: BSD-3-Clause
//
// The processor time that the service allows itself. Pure: times are awake seconds, told by the caller, never
// going back.
#pragma once

#include <array>
#include <cstdint>

namespace blastune {

// What was spent in the last hour, to the minute: never less, and up to a minute more.
class HourlySpending {
 public:
  void add(double now, double seconds);
  [[nodiscard]] double last_hour(double now) const;
  // Until last_hour() is at most `seconds`, which is not below 0, if nothing is added.
  [[nodiscard]] double seconds_until(double now, double seconds) const;
  [[nodiscard]] double total() const { return total_; }

 private:
  struct Minute {
    std::int64_t number = -1;
    double seconds = 0;
  };
  [[nodiscard]] const Minute* find(std::int64_t number) const;

  std::array<Minute, 61> minutes_{};
  double total_ = 0;
};

// Flows in steadily, up to an hour's worth; what is spent flows out. An hour's worth is all that may be spent
// in any hour, also in one that begins with an hour's worth saved.
class CpuBudget {
 public:
  // share: of one core. It does not start with an hour's worth, so that a service that is started again and
  // again cannot spend more than one that runs.
  CpuBudget(double share, double start_seconds) : share_(share), saved_(start_seconds) {}

  void advance(double now);
  // May go below zero: what was begun is finished.
  void spend(double seconds);
  // Adds what somebody asked for, beyond the share.
  void grant(double seconds) { spend(-seconds); }
  void set_share(double share, double now);

  [[nodiscard]] double available() const;
  [[nodiscard]] double hourly() const { return share_ * 3600; }
  // Until so much is available if nothing is spent; 0 when it is already. Levels above hourly() are never
  // reached, so they count as that. Infinite without a share.
  [[nodiscard]] double seconds_until(double level) const;

 private:
  double share_;
  double saved_;
  HourlySpending spent_;  // less what was granted
  double last_ = 0;
  bool started_ = false;
};

}  // namespace blastune
