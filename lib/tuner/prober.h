// SPDX-License-Identifier: BSD-3-Clause
//
// The edge to the hardware: runs bursts, in the order asked, as one stream of multiplies with the count
// switched between them. Real: WorkerProber (a worker process). Others: simulated and recorded machines.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/build.h"
#include "model/burst.h"

namespace blastune {

class Prober {
 public:
  virtual ~Prober() = default;

  // One entry per request, in order. An empty entry is a burst that was lost (the worker crashed, hung or
  // answered nonsense on it): it costs that burst, nothing else. An error means that no burst can be had
  // from this prober any more, or that the user interrupted.
  virtual Result<std::vector<std::optional<BurstResult>>> run(std::span<const BurstRequest> requests) = 0;
};

}  // namespace blastune
