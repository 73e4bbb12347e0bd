// SPDX-License-Identifier: BSD-3-Clause
//
// The OpenBLAS builds of this machine as the service sees them, each with its upkeep. Pure.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/daemon_status.h"
#include "daemon/build_upkeep.h"
#include "daemon/scheduler.h"
#include "tuner/build_discovery.h"

namespace blastune {

struct KnownBuild {
  FoundBuild found;
  std::unique_ptr<BuildUpkeep> upkeep;  // none for a build that cannot be tuned
  std::string unusable;                 // why it cannot
  std::optional<double> checked_at;     // Instant::passed; nothing until there is a table
  std::optional<double> measured_at;    // the same of its last sample
  bool check_wanted = false;
  bool check_asked = false;        // by somebody who need not wait for the second one either
  int failures = 0;                // of its worker, one after the other
  double left_alone_until = -1e9;  // Instant::awake
  std::string trouble;             // the last failure
};

// Why nothing can be tuned for such a build; empty when it can.
[[nodiscard]] std::string reason_untunable(const WorkerHello& library);

// What was found takes the place of what was known; a build that is still there keeps its upkeep. One that
// could not be looked at just now, going by `unusable`, is there still.
using MakeUpkeep = std::function<std::unique_ptr<BuildUpkeep>(const WorkerHello& library)>;
struct Reconciled {
  std::vector<std::size_t> added;  // indices into the new list
  std::vector<Build> gone;
};
Reconciled reconcile(std::vector<KnownBuild>& builds, std::vector<FoundBuild> found,
                     const std::vector<UnusableLibrary>& unusable, const MakeUpkeep& make);

[[nodiscard]] std::vector<BuildView> views(const std::vector<KnownBuild>& builds, Instant now);

// A worker that fails is left alone for a minute, then for twice as long each time, up to an hour.
void note_failure(KnownBuild& build, std::string trouble, Instant now);

[[nodiscard]] BuildStatus status_of(const KnownBuild& build, Instant now, double check_seconds);

}  // namespace blastune
