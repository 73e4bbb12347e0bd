// SPDX-License-Identifier: BSD-3-Clause
//
// From a table, a gemm and a limit to advice. A pure function of what it is given: no clock, no file, no
// thread, the same answer every time. Immutable once made, so any number of threads may ask it at once;
// asking neither allocates nor locks.
//
// What the library does by itself under a limit is the incumbent: its own count, or the limit where that is
// lower. Another count is advised only where it has earned its place (model/choice.h), by its own bursts, by
// what was measured around it, and by how it should scale, each as far as it can be trusted
// (model/evidence.h). Where the limit lies between measured counts, the next lower one is the incumbent. An
// incumbent above everything that was measured cannot be compared, and stays.
//
// The state of the machine is one number. A call with several threads takes exp(state x loading) times as
// long, relative to one thread, as in state 0, which is the one that a table without opinion on the present
// is asked about (model/table_state.h). docs/adr/0015-doubt-and-state.md has the figures.
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
  // own limit), at least 1. The advised count never exceeds it, never falls when it rises, and never rises
  // with the state.
  [[nodiscard]] Advice advise(const Gemm& gemm, int limit, double state = 0) const;

  // advise()'s threads alone, for those who need nothing else and need it soon.
  [[nodiscard]] int threads(const Gemm& gemm, int limit, double state = 0) const;

  // What a state, and a program's own calls, decide between. threads() is what these decide, wherever there
  // is a choice to be made.
  [[nodiscard]] Alternatives alternatives(const Gemm& gemm, int limit) const;

  // With exactly that count in state 0: the measured mean where it is well known, or what follows from
  // measured counts or gemms nearby. None above all counts that were measured.
  [[nodiscard]] ExpectedTime expected(const Gemm& gemm, int threads) const;

  [[nodiscard]] std::size_t curve_count() const;

 private:
  struct State;
  std::unique_ptr<const State> state_;
};

}  // namespace blastune
