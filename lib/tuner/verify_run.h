// SPDX-License-Identifier: BSD-3-Clause
//
// Measures gemms with every count, to judge a table by. Each gemm is measured in blocks that are spread over
// the whole run: every count once, in random order, one after the other, so that what the machine does to a
// block it does to all of its counts. What is measured chooses nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "model/table.h"
#include "tuner/prober.h"
#include "tuner/recording.h"
#include "tuner/verification.h"

namespace blastune {

struct VerifySetup {
  std::vector<Gemm> gemms;
  std::vector<int> counts;  // ascending
  double budget_seconds = 60;
  int least_blocks = 4;  // of each gemm, however long they take
  std::uint64_t seed = 1;
};

struct VerifyProgress {
  double spent_seconds = 0;
  std::int64_t blocks = 0;
  std::int64_t disturbed = 0;  // blocks left out since a burst of theirs was disturbed or lost
};

// Between stretches of at most about a quarter of a second; returns false to stop.
using VerifyObserver = std::function<bool(const VerifyProgress&)>;

struct MeasuredGemms {
  // One a gemm that has at least two blocks, without advice; the mean over blocks and over every other one.
  std::vector<VerifiedGemm> gemms;
  VerifyProgress progress;
};

// An error of the prober ends it. An observer's stop is no error.
Result<MeasuredGemms> measure_for_verification(const VerifySetup& setup, Prober& prober, Clock& clock,
                                               const VerifyObserver& observer);

// Of a recording: the median call of each count, without advice. used: leave out as many calls of each gemm
// and count, the first ones, as the table holds of them, which was made from this very recording.
[[nodiscard]] std::vector<VerifiedGemm> recorded_for_verification(const Recording& recording,
                                                                  const Table* used);

}  // namespace blastune
