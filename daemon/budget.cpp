// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/budget.h"

#include <algorithm>
#include <cmath>

namespace blastune {
namespace {

std::int64_t minute_of(double now) {
  return static_cast<std::int64_t>(std::floor(now / 60));
}

}  // namespace

void CpuBudget::advance(double now) {
  // What was granted beyond an hour's worth stays until it is spent, but nothing is added to it.
  if (started_ && now > last_ && available_ < hourly())
    available_ = std::min(hourly(), available_ + share_ * (now - last_));
  if (!started_ || now > last_) last_ = now;
  started_ = true;
}

void CpuBudget::set_share(double share) {
  share_ = share;
  available_ = std::min(available_, hourly());
}

double CpuBudget::seconds_until(double level) const {
  const double missing = std::min(level, hourly()) - available_;
  return missing > 0 ? missing / share_ : 0;
}

void HourlySpending::add(double now, double seconds) {
  const std::int64_t number = std::max<std::int64_t>(0, minute_of(now));
  Minute& minute = minutes_[static_cast<std::size_t>(number) % minutes_.size()];
  if (minute.number != number) minute = {number, 0};
  minute.seconds += seconds;
  total_ += seconds;
}

double HourlySpending::last_hour(double now) const {
  const std::int64_t newest = minute_of(now);
  double sum = 0;
  for (const Minute& minute : minutes_) {
    if (minute.number >= 0 && minute.number > newest - 60 && minute.number <= newest) sum += minute.seconds;
  }
  return sum;
}

}  // namespace blastune
