// SPDX-License-Identifier: BSD-3-Clause
//
// How many processors others leave at this moment, from a short look at the kernel's figures.
#pragma once

#include <functional>
#include <span>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace blastune {

struct PresentUse {
  int available = 1;      // cores, at least 1 and at most the capacity
  double others = 0;      // processors that others used meanwhile, on average
  double processors = 0;  // of so many, where this process may run
};

struct PresentUseEdges {
  Clock& clock;
  std::string stat;                     // /proc/stat, but for tests
  std::function<double()> own_seconds;  // processor time that is our own
};

// Where we may run, and how much of it when nobody else is there.
struct PresentPlace {
  int capacity = 1;
  std::span<const int> affinity;
  int online = 0;  // processors of the machine
};

// Takes a quarter of a second.
Result<PresentUse> look_at_present_use(const PresentUseEdges& edges, const PresentPlace& place);

}  // namespace blastune
