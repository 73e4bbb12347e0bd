// SPDX-License-Identifier: BSD-3-Clause
//
// Whether a multiply with several threads had to wait for processors that others used. Pure.
//
// A thread that has no processor waits for slices of the scheduler, half a millisecond to several; what makes
// calls slow for harmless reasons is mostly far shorter, and none of it is counted as waiting by the kernel.
#pragma once

#include <optional>

namespace blastune {

// Worth the look at what the kernel counted, which costs some 20 us: so much longer than expected that a wait
// for a slice may be in it. At most a tenth of what such a call takes goes into looking.
[[nodiscard]] constexpr bool is_suspicious(double seconds, double expected_seconds) {
  constexpr double factor = 1.5;
  constexpr double more = 0.25e-3;
  return seconds > factor * expected_seconds + more;
}

// Threads that lacked a processor, on average while the call ran; nothing when waiting does not explain how
// long it took. waited_seconds: by all threads of the process.
[[nodiscard]] constexpr std::optional<double> lacking_processors(double seconds, double expected_seconds,
                                                                 double waited_seconds) {
  constexpr double explaining_part = 0.5;
  if (!(seconds > 0) || !(waited_seconds > 0)) return std::nullopt;
  if (waited_seconds < explaining_part * (seconds - expected_seconds)) return std::nullopt;
  return waited_seconds / seconds;
}

// What to expect from now on of a call that took that long without having waited: what was measured does not
// hold for how this program calls it. In steps, so that one odd call does not hide what follows.
[[nodiscard]] constexpr double corrected_expectation(double expected_seconds, double seconds) {
  constexpr double largest_step = 2;
  const double middle = (expected_seconds + seconds) / 2;
  return middle < largest_step * expected_seconds ? middle : largest_step * expected_seconds;
}

}  // namespace blastune
