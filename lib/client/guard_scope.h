// SPDX-License-Identifier: BSD-3-Clause
//
// What a guard remembers of one call from enter() to leave(). It fits into a blastune_scope, but for
// `others`, which only those who entered look at.
#pragma once

#include <cstdint>

namespace blastune {

struct GuardScope {
  bool counted = false;          // among the callers that are inside
  bool several = false;          // with a count of its thread's own: it runs with the common count of several
  std::uint8_t epoch = 0;        // changes with fork(): an older scope belongs to the parent
  std::uint16_t previous = 0;    // with a count of its thread's own: what it was,
  std::uint16_t changed_to = 0;  // and what it was changed to
  std::uint16_t others = 0;      // callers that were inside when this one entered
};

// More others than this are not told apart.
inline constexpr std::uint64_t most_others = 4096;

}  // namespace blastune
