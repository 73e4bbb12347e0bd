// SPDX-License-Identifier: BSD-3-Clause
//
// Looks at the load from one moment to the next and says whether others left the machine quiet.
#pragma once

#include <string>

#include "control/daemon_status.h"
#include "load/load_source.h"
#include "load/quietness.h"

namespace blastune {

class LoadWatch {
 public:
  LoadWatch(LoadSource& source, const QuietLimits& limits) : source_(source), limits_(limits) {}

  void change(const QuietLimits& limits) { limits_ = limits; }

  struct Look {
    double since = 0;  // monotonic seconds: of the look before
    double until = 0;
    WaitReason busy = WaitReason::none;
    std::string sentence;  // why, for a person
  };
  // own_seconds: processor time that the service and its workers have used in all. measuring: a worker ran
  // since the last look. The first one sees nobody and no time.
  Look look(double own_seconds, bool measuring);

 private:
  LoadSource& source_;
  QuietLimits limits_;
  LoadReading last_;
  double last_own_seconds_ = 0;
  bool has_last_ = false;
};

[[nodiscard]] WaitReason wait_reason(Disturbance disturbance);

}  // namespace blastune
