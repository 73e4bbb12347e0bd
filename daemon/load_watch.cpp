// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/load_watch.h"

#include <utility>

#include "load/load_interval.h"

namespace blastune {

WaitReason wait_reason(Disturbance disturbance) {
  switch (disturbance) {
    case Disturbance::none:
      return WaitReason::none;
    case Disturbance::battery:
      return WaitReason::battery;
    case Disturbance::thermal:
      return WaitReason::thermal;
    case Disturbance::throttled:
      return WaitReason::throttled;
    case Disturbance::steal:
      return WaitReason::steal;
    case Disturbance::pressure:
      return WaitReason::pressure;
    case Disturbance::others:
    case Disturbance::unknown:
      break;
  }
  return WaitReason::others_busy;
}

LoadWatch::Look LoadWatch::look(double own_seconds, bool measuring) {
  LoadReading now = source_.read();
  Look look;
  look.until = now.monotonic_seconds;
  look.since = has_last_ ? last_.monotonic_seconds : now.monotonic_seconds;
  if (has_last_) {
    auto quietness = judge(load_between(last_, now, own_seconds - last_own_seconds_), limits_, measuring);
    look.busy = wait_reason(quietness.disturbance);
    look.sentence = std::move(quietness.sentence);
  }
  last_ = std::move(now);
  last_own_seconds_ = own_seconds;
  has_last_ = true;
  return look;
}

}  // namespace blastune
