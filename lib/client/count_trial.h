// SPDX-License-Identifier: BSD-3-Clause
//
// Whether another count than the table's serves a multiply better, in this program and now: by a few calls
// of the program's own with each. A table is the mean over a machine's states and was measured with operands
// in some cache; a program is in one state, with operands where it has them. Pure: it is told how long calls
// took and knows no clock.
//
// A trial goes in two parts: some calls with the count that is held, then as many with its rival. The first
// calls after a change of the count are not counted; of the others the median decides, so that one call
// that was disturbed does not.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "client/gemm_key.h"

namespace blastune {

class CountTrial {
 public:
  struct Outcome {
    double held_seconds = 0;
    double rival_seconds = 0;

    // By more than what differs for no reason.
    [[nodiscard]] bool rival_wins() const { return rival_seconds < 0.95 * held_seconds; }
  };

  // word, limit: of the answer that it is about, as the memo has them.
  void begin(GemmKey gemm, std::uint64_t word, int limit) {
    gemm_ = gemm;
    word_ = word;
    limit_ = limit;
    active_ = true;
    with_rival_ = false;
    calls_ = 0;
  }
  void end() { active_ = false; }

  [[nodiscard]] bool is_active() const { return active_; }
  [[nodiscard]] bool is_of(GemmKey gemm, std::uint64_t word, int limit) const {
    return active_ && gemm_ == gemm && word_ == word && limit_ == limit;
  }
  // Whether the next call is the rival's. Every call of a trial is to be timed.
  [[nodiscard]] bool is_rivals_turn() const { return with_rival_; }

  // How long a call took. The outcome ends the trial.
  std::optional<Outcome> note(double seconds) {
    const int passed_over = with_rival_ ? passed_over_calls : 0;
    if (calls_ >= passed_over) seconds_.at(static_cast<std::size_t>(calls_ - passed_over)) = seconds;
    if (++calls_ < passed_over + timed_calls) return std::nullopt;
    calls_ = 0;
    const double median = median_seconds();
    if (!with_rival_) {
      held_seconds_ = median;
      with_rival_ = true;
      return std::nullopt;
    }
    end();
    return Outcome{held_seconds_, median};
  }

  static constexpr int timed_calls = 5;
  static constexpr int passed_over_calls = 2;

 private:
  [[nodiscard]] double median_seconds() {
    const auto middle = seconds_.begin() + timed_calls / 2;
    std::nth_element(seconds_.begin(), middle, seconds_.end());
    return *middle;
  }

  GemmKey gemm_;
  std::uint64_t word_ = 0;
  int limit_ = 0;
  std::array<double, timed_calls> seconds_{};
  double held_seconds_ = 0;
  int calls_ = 0;
  bool active_ = false;
  bool with_rival_ = false;
};

// A rival that is expected to take longer than this many times the held count's is never tried: states and
// caches have been seen to change what counts are worth to each other by less.
inline constexpr double hopeless_ratio = 1.6;

// Calls until the next trial, so that what trials cost is no more than 0.5 % of the time: seven calls each
// take longer by rival_seconds - held_seconds, and the first ones after it find each core's cache full of
// what another core needs. And no sooner than after 20 ms of calls, since states last for longer.
[[nodiscard]] inline std::uint32_t calls_until_trial(double held_seconds, double rival_seconds) {
  constexpr double most_cost = 0.005;
  constexpr double calls_to_recover = 1;
  constexpr double shortest_seconds = 0.02;
  constexpr double most = 1e6;
  if (!(held_seconds > 0)) return static_cast<std::uint32_t>(most);
  constexpr double calls = CountTrial::timed_calls + CountTrial::passed_over_calls;
  const double lost_calls = calls * std::max(0.0, rival_seconds / held_seconds - 1) + calls_to_recover;
  return static_cast<std::uint32_t>(
      std::min(most, std::max(lost_calls / most_cost, shortest_seconds / held_seconds)));
}

}  // namespace blastune
