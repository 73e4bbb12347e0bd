// SPDX-License-Identifier: BSD-3-Clause
//
// The edge to time. Pure parts are handed seconds; only edges ask a Clock.
#pragma once

#include <cstdint>

namespace blastune {

class Clock {
 public:
  virtual ~Clock() = default;
  // Seconds since an arbitrary start; never steps back.
  virtual double monotonic_seconds() = 0;
  // The same, but it goes on while the machine is suspended; ahead of the former by a constant and that time.
  virtual double passed_seconds() = 0;
  // Seconds since 1970-01-01 UTC; may step when the administrator sets the clock.
  virtual std::int64_t unix_seconds() = 0;
  // Waits that long; less when a signal comes. Nothing for what is not above 0.
  virtual void sleep(double seconds) = 0;
};

class SystemClock final : public Clock {
 public:
  double monotonic_seconds() override;
  double passed_seconds() override;
  std::int64_t unix_seconds() override;
  void sleep(double seconds) override;
};

// A clock that moves only when told to, or slept on.
class ManualClock final : public Clock {
 public:
  double monotonic_seconds() override { return monotonic_; }
  double passed_seconds() override { return monotonic_ + suspended_; }
  std::int64_t unix_seconds() override { return unix_start_ + static_cast<std::int64_t>(passed_seconds()); }
  void sleep(double seconds) override { advance(seconds > 0 ? seconds : 0); }
  void advance(double seconds) { monotonic_ += seconds; }
  void suspend(double seconds) { suspended_ += seconds; }
  void step_unix(std::int64_t seconds) { unix_start_ += seconds; }

 private:
  double monotonic_ = 0;
  double suspended_ = 0;
  std::int64_t unix_start_ = 1'700'000'000;
};

}  // namespace blastune
