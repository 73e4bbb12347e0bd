// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune run --stats`: one call of a routine, counted. Only made while counting is on, which is decided
// before main() begins.
#pragma once

#include <cstdint>

#include "blastune/blastune.h"
#include "preload/asked.h"
#include "preload/stats_account.h"

namespace blastune {

// All that a call pays while it is off is a look at this.
extern constinit bool counts_calls [[gnu::visibility("hidden")]];

// Around a call's scope, if it has one: what its advice rests on is looked at before, and what is said of a
// case that was not seen before is asked for after. Leaves errno as it was.
class CountedCall {
 public:
  // blas: as in a CallSite.
  CountedCall(int blas, RoutineName routine, blastune_dtype dtype, const Asked& asked);
  CountedCall(const CountedCall&) = delete;
  CountedCall& operator=(const CountedCall&) = delete;
  ~CountedCall();

  // The count that holds in its scope.
  void runs_with(int threads) { threads_ = threads; }

 private:
  CaseRow& first_of_its_kind() const;

  int blas_;
  blastune_dtype dtype_;
  CallCase case_;
  int threads_ = 0;
  std::uint64_t began_ = 0;  // nanoseconds
};

}  // namespace blastune
