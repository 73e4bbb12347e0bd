// SPDX-License-Identifier: BSD-3-Clause
//
// From a table, a gemm and a limit to advice. A pure function of what it is given: no clock, no file, no
// thread, the same answer every time. Immutable once made, so any number of threads may ask it at once;
// asking neither allocates nor locks.
//
// Where the library's own count is allowed but was never measured (a table made under a tighter limit), the
// answer is the best of those that were, and its confidence is at most one half. So it is where the limit
// lies between measured counts and seems to be faster than these: an answer is always a count that was
// measured.
//
// A gemm that was measured is answered from its own curve. Any other is answered from a trend of
// log(time with C / time with 1) over log m, log n, log k, fitted to all curves of the same dtype and
// corrected by the residuals of the nearest ones (docs/adr/0004-interpolation.md).
#pragma once

#include <memory>

#include "model/advice.h"
#include "model/gemm.h"
#include "model/table.h"

namespace blastune {

class Advisor {
 public:
  explicit Advisor(const Table& table);
  Advisor(Advisor&&) noexcept;
  Advisor& operator=(Advisor&&) noexcept;
  ~Advisor();

  // limit: the most threads this call may use (the smallest of capacity, what is available and the user's
  // own limit), at least 1. The advised count never exceeds it and never falls when it rises.
  [[nodiscard]] Advice advise(const Gemm& gemm, int limit, double state = 0) const;

  // advise()'s threads alone, for those who need nothing else and need it soon.
  [[nodiscard]] int threads(const Gemm& gemm, int limit) const;

  // With exactly that count: the measured mean, or what follows from measured counts or gemms nearby. None
  // above all counts that were measured.
  [[nodiscard]] ExpectedTime expected(const Gemm& gemm, int threads) const;

  // Of the measured counts up to limit that are at most half of `threads` or at least twice as many, the one
  // that is expected to be the fastest: nearer ones differ by too little to be told apart by a few calls.
  [[nodiscard]] Rival rival(const Gemm& gemm, int threads, int limit) const;

  [[nodiscard]] Alternatives alternatives(const Gemm& gemm, int limit) const;

  [[nodiscard]] std::size_t curve_count() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace blastune
