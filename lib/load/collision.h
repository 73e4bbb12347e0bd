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

// Of a call's threads, how many lacked a processor, on average while it ran; nothing when waiting does not
// explain how long it took. waited_seconds: by all threads of the process over over_seconds, which end with
// the call; some of it maybe before the call or in threads that have no part in it. None of the call's own
// waited for longer than it was late. And where nobody else is, each thread still waits for a moment now and
// then: so much of what was before the call is taken off.
[[nodiscard]] constexpr std::optional<double> lacking_processors(int threads, double seconds,
                                                                 double expected_seconds,
                                                                 double waited_seconds, double over_seconds) {
  constexpr double explaining_part = 0.5;
  constexpr double idle_part = 0.01;  // of a thread's time
  const double before_seconds = over_seconds > seconds ? over_seconds - seconds : 0;
  waited_seconds -= idle_part * threads * before_seconds;
  if (!(seconds > 0) || !(waited_seconds > 0)) return std::nullopt;
  const double late_seconds = seconds - expected_seconds;
  if (waited_seconds < explaining_part * late_seconds) return std::nullopt;
  const double most_seconds = threads * late_seconds;
  return (waited_seconds < most_seconds ? waited_seconds : most_seconds) / seconds;
}

}  // namespace blastune
