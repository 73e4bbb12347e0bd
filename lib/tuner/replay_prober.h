// SPDX-License-Identifier: BSD-3-Clause
//
// A machine that was recorded: each call that is asked for is answered by the next one that was recorded of
// that gemm and count. Its clock moves by what the calls took.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "tuner/prober.h"
#include "tuner/recording.h"

namespace blastune {

class ReplayProber final : public Prober {
 public:
  // Both must outlive the prober.
  ReplayProber(const Recording& recording, ManualClock& clock) : recording_(recording), clock_(clock) {}

  // Warm calls take nothing from the recording, which left out the cold ones. A burst has fewer calls than
  // were asked for where fewer are left, and is lost where none is.
  Result<std::vector<std::optional<BurstResult>>> run(std::span<const BurstRequest> requests) override;

  // Recorded calls handed out so far.
  [[nodiscard]] std::int64_t used() const { return used_; }
  // Cold calls that the recording left out and that a machine would have had to make for it.
  [[nodiscard]] std::size_t passed_over() const { return passed_over_; }

 private:
  const Recording& recording_;
  ManualClock& clock_;
  std::map<std::pair<Gemm, int>, std::size_t> next_;
  std::int64_t used_ = 0;
  std::size_t passed_over_ = 0;
};

}  // namespace blastune
