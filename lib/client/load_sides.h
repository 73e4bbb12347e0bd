// SPDX-License-Identifier: BSD-3-Clause
//
// By what a process follows the present load; both by default.
#pragma once

namespace blastune {

struct LoadSides {
  bool looks = true;  // at how the machine is used
  bool feels = true;  // in its own multiplies

  bool operator==(const LoadSides&) const = default;
};

}  // namespace blastune
