// SPDX-License-Identifier: BSD-3-Clause
#include "load/seen_use.h"

#include <sys/resource.h>

namespace blastune {
namespace {

// What yields to others is on the processors, and mostly out of the way: its time is lent to us. To one who
// yields too it is as good as any other.
constexpr double yielding_part = 0.8;

}  // namespace

std::optional<SeenUse> seen_between(const UseReading& before, const UseReading& after, bool we_yield) {
  const double seconds = after.seconds - before.seconds;
  if (!(seconds > 0) || after.use.processors != before.use.processors) return std::nullopt;
  const double yielding = we_yield ? 0 : after.use.nice_seconds - before.use.nice_seconds;
  const double busy = after.use.busy_seconds - before.use.busy_seconds - yielding_part * yielding;
  const double own = after.own_seconds - before.own_seconds;
  return SeenUse{seconds, static_cast<double>(after.use.processors), (busy - own) / seconds, own / seconds};
}

bool yields_to_others() {
  return ::getpriority(PRIO_PROCESS, 0) > 0;
}

}  // namespace blastune
