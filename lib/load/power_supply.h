// SPDX-License-Identifier: BSD-3-Clause
//
// Whether the machine runs on its battery. Any thread may call this; it never fails: what cannot be read or
// understood is unknown.
#pragma once

#include <cstdint>

#include "base/machine_signature.h"

namespace blastune {

enum class Power : std::uint8_t {
  unknown,  // no supply is shown, as on most servers and virtual machines
  mains,
  battery,  // one is being discharged, and nothing feeds it
};

// Batteries of mice and the like do not count. A battery is asked only while no mains is on: the answer may
// take a laptop's firmware a millisecond.
[[nodiscard]] Power read_power(const KernelPaths& paths = {});

}  // namespace blastune
