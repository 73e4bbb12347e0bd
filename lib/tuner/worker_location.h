// SPDX-License-Identifier: BSD-3-Clause
//
// Where the worker program is: named by $BLASTUNE_WORKER, else next to this program in an installed tree
// (which may have been moved) or in a build tree, else where it was to be installed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace blastune {

// An executable file's path. not_found names every place that was looked at.
Result<std::string> find_worker();

// The places for a program of that path, in order; without $BLASTUNE_WORKER. Pure.
[[nodiscard]] std::vector<std::string> worker_places(const std::string& program);

}  // namespace blastune
