// SPDX-License-Identifier: BSD-3-Clause
#include "cli/present_use.h"

#include <algorithm>
#include <optional>

#include "load/available_cores.h"
#include "load/seen_use.h"

namespace blastune {
namespace {

constexpr double interval_seconds = 0.25;

std::optional<UseReading> read(const PresentUseEdges& edges, const ProcessorSet& where) {
  const auto use = read_processor_use(edges.stat.c_str(), where);
  if (!use) return std::nullopt;
  return UseReading{edges.clock.monotonic_seconds(), *use, edges.own_seconds()};
}

}  // namespace

Result<PresentUse> look_at_present_use(const PresentUseEdges& edges, const PresentPlace& place) {
  const ProcessorSet where = ProcessorSet::allowed_by(place.affinity, place.online);
  const std::string elsewise = "leave --now away, or say with --available how many processors are free";
  const auto before = read(edges, where);
  if (!before)
    return Error{ErrorKind::unavailable, edges.stat + " does not say how the processors are used", elsewise};
  // A signal may end a sleep early.
  while (edges.clock.monotonic_seconds() - before->seconds < interval_seconds)
    edges.clock.sleep(interval_seconds - (edges.clock.monotonic_seconds() - before->seconds));
  const auto after = read(edges, where);
  const auto seen = after ? seen_between(*before, *after, yields_to_others()) : std::nullopt;
  if (!seen)
    return Error{ErrorKind::unavailable, "processors came or went while their use was looked at",
                 "ask again, or " + elsewise};
  AvailableCores cores(place.capacity);
  cores.look(after->seconds, *seen);
  return PresentUse{cores.cores(), std::clamp(seen->others, 0.0, seen->processors), seen->processors};
}

}  // namespace blastune
