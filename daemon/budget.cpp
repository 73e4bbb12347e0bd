// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/budget.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace blastune {
namespace {

std::int64_t minute_of(double now) {
  return static_cast<std::int64_t>(std::floor(now / 60));
}

}  // namespace

void HourlySpending::add(double now, double seconds) {
  const std::int64_t number = std::max<std::int64_t>(0, minute_of(now));
  Minute& minute = minutes_.at(static_cast<std::size_t>(number) % minutes_.size());
  if (minute.number != number) minute = {number, 0};
  minute.seconds += seconds;
  total_ += seconds;
}

const HourlySpending::Minute* HourlySpending::find(std::int64_t number) const {
  if (number < 0) return nullptr;
  const Minute& minute = minutes_.at(static_cast<std::size_t>(number) % minutes_.size());
  return minute.number == number ? &minute : nullptr;
}

double HourlySpending::last_hour(double now) const {
  const std::int64_t newest = minute_of(now);
  double sum = 0;
  for (std::int64_t number = newest - 60; number <= newest; ++number) {
    if (const Minute* minute = find(number)) sum += minute->seconds;
  }
  return sum;
}

double HourlySpending::seconds_until(double now, double seconds) const {
  const std::int64_t newest = minute_of(now);
  double sum = last_hour(now);
  if (sum <= seconds) return 0;
  for (std::int64_t number = newest - 60; number < newest; ++number) {
    if (const Minute* minute = find(number)) sum -= minute->seconds;
    if (sum <= seconds) return static_cast<double>(number + 61) * 60 - now;
  }
  return static_cast<double>(newest + 61) * 60 - now;
}

void CpuBudget::advance(double now) {
  // What was granted beyond an hour's worth stays until it is spent, but nothing is added to it.
  if (started_ && now > last_ && saved_ < hourly())
    saved_ = std::min(hourly(), saved_ + share_ * (now - last_));
  if (!started_ || now > last_) last_ = now;
  started_ = true;
}

void CpuBudget::spend(double seconds) {
  saved_ -= seconds;
  spent_.add(last_, seconds);
}

void CpuBudget::set_share(double share, double now) {
  advance(now);
  share_ = share;
  saved_ = std::min(saved_, hourly());
}

double CpuBudget::available() const {
  return std::min(saved_, hourly() - spent_.last_hour(last_));
}

double CpuBudget::seconds_until(double level) const {
  const double wanted = std::min(level, hourly());
  const double missing = std::max(0.0, wanted - saved_);
  double flow = 0;
  if (missing > 0) flow = share_ > 0 ? missing / share_ : std::numeric_limits<double>::infinity();
  return std::max(flow, spent_.seconds_until(last_, hourly() - wanted));
}

}  // namespace blastune
