// SPDX-License-Identifier: BSD-3-Clause
//
// The edge to the machine's load. Pure parts are handed readings; only edges ask a source.
#pragma once

#include "load/load_reading.h"

namespace blastune {

class LoadSource {
 public:
  virtual ~LoadSource() = default;
  virtual LoadReading read() = 0;
};

}  // namespace blastune
