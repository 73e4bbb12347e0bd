// SPDX-License-Identifier: BSD-3-Clause
//
// A virtual machine of a few processors whose worth of a second thread changes, as measured ones do: a level
// that holds for minutes, and one that is forgotten within seconds, move all calls with several threads
// relative to one thread, small multiplies more than large ones. In its usual state, with two processors, the
// times with two threads over those with one are near the medians that were measured on a real one
// (docs/adr/0015-doubt-and-state.md).
#pragma once

#include <cstdint>
#include <functional>

#include "model/gemm.h"
#include "model/rng.h"
#include "tuner/simulated_machine.h"

namespace blastune::bench {

class ChangingMachine {
 public:
  // processors: 2 or some more. fast_deviation: of the level that is forgotten within seconds, in ln(time) of
  // a small multiply.
  ChangingMachine(int processors, double fast_deviation, std::uint64_t seed);

  // Holds until it is set again.
  void set_state(double level) { level_ = level; }

  // Seconds of a call when nothing but that level changes it.
  [[nodiscard]] double seconds(const Gemm& gemm, int threads, double level) const;

  // One burst at that time, never earlier than the last one: with the fast level, and with what one burst has
  // of its own.
  double burst_seconds(const Gemm& gemm, int threads, double now);

  // How far ln(time with several threads / time with one) moves with the state.
  [[nodiscard]] double loading(const Gemm& gemm) const;

  [[nodiscard]] const SimulatedMachine& machine() const { return machine_; }

 private:
  [[nodiscard]] double own_deviate(const Gemm& gemm, std::uint64_t what) const;

  SimulatedMachine machine_;
  double level_ = 0;
  double fast_deviation_;
  double fast_ = 0;
  double last_ = 0;
  std::uint64_t seed_;
  Rng rng_;
};

}  // namespace blastune::bench
