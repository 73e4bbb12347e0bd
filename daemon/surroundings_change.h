// SPDX-License-Identifier: BSD-3-Clause
//
// What happened between two looks at the surroundings. Pure.
//
// A package is replaced file by file. Whoever acts on a change of the libraries first waits until two looks
// a few seconds apart are equal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/surroundings.h"

namespace blastune {

enum class ChangeKind : std::uint8_t {
  libraries,   // a file or link came, went or was replaced: discover anew
  loader,      // its cache was written, as with every package that has a library: discover anew
  processors,  // some came online or went offline
  limits,      // affinity or quota
  governor,    // a setting of the processors' speed
  resumed,     // the machine was suspended
};

struct Change {
  ChangeKind kind = ChangeKind::libraries;
  std::string sentence;  // for a person, without a full stop; names the first of several
};

// At most one of each kind, in their order.
[[nodiscard]] std::vector<Change> changes(const Surroundings& before, const Surroundings& after);

}  // namespace blastune
