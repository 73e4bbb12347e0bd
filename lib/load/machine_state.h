// SPDX-License-Identifier: BSD-3-Clause
//
// The state of the machine: one number that says how much further threads are worth now. 0 is what the table
// says; at 0.2, calls with several threads take exp(0.2) times as long, relative to calls with one. Shapes
// feel it by their loading: a call of loading w takes exp(w * state) times as long.
//
// The estimate is a Kalman filter of one dimension (Kalman 1960). Between calls it fades towards 0, the
// table's mean, because states last for seconds: what nobody has looked at for a while is not known any more.
// Pure. A value fits into 64 bits, so that threads share it as one atomic word.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

namespace blastune {

class MachineState {
 public:
  // A machine nobody has looked at: the state is 0, give or take its usual spread.
  constexpr MachineState() = default;

  // The estimate, and its variance. As of the last call to advance_to().
  [[nodiscard]] double mean() const { return mean_; }
  [[nodiscard]] double variance() const { return variance_; }

  // Lets the estimate fade until then. Milliseconds of a clock that does not step back; it may wrap. Threads
  // that share an estimate may be some milliseconds behind each other.
  void advance_to(std::uint32_t milliseconds) {
    const auto passed = static_cast<std::int32_t>(milliseconds - at_);
    if (passed > -shortest_fade && passed < shortest_fade) return;
    at_ = milliseconds;
    if (passed < 0 || passed > longest_fade) {
      // So long ago, or of a time that is told apart from the future no more: it says nothing about now.
      mean_ = 0;
      variance_ = usual_variance;
      return;
    }
    const double kept = std::exp(-static_cast<double>(passed) / half_memory);
    mean_ *= kept;
    variance_ = usual_variance + (variance_ - usual_variance) * kept * kept;
  }

  // One call with several threads differed from what was expected of it in this state by `surprise` (ln of
  // seconds over seconds). variance: of that, for all reasons but the state.
  void learn(double surprise, double loading, double variance) {
    const double all = loading * loading * variance_ + variance;
    if (!(all > 0) || !std::isfinite(surprise)) return;
    const double gain = loading * variance_ / all;
    mean_ = std::clamp(mean_ + gain * surprise, -most, most);
    variance_ = std::max(least_variance, variance_ * (1 - gain * loading));
  }

  // To one word and back; what is lost is below a ten thousandth.
  [[nodiscard]] std::uint64_t pack() const {
    const auto mean = static_cast<std::int16_t>(std::lround(mean_ * unit));
    const auto deviation = static_cast<std::uint16_t>(std::lround(std::sqrt(variance_) * unit));
    return static_cast<std::uint64_t>(at_) << 32U | static_cast<std::uint64_t>(deviation) << 16U |
           std::bit_cast<std::uint16_t>(mean);
  }
  [[nodiscard]] static MachineState unpack(std::uint64_t word) {
    MachineState state;
    if (word == 0) return state;
    state.at_ = static_cast<std::uint32_t>(word >> 32U);
    const double deviation = static_cast<double>(word >> 16U & 0xFFFFU) / unit;
    state.variance_ = deviation * deviation;
    state.mean_ = static_cast<double>(std::bit_cast<std::int16_t>(static_cast<std::uint16_t>(word))) / unit;
    return state;
  }

  static constexpr double most = 2;  // no machine was seen further from its mean than a factor of 7
  static constexpr double usual_variance = 0.25 * 0.25;

 private:
  static constexpr double unit = 1e4;
  static constexpr double least_variance = 0.03 * 0.03;
  static constexpr double half_memory = 2000;  // milliseconds until a difference has fallen to 1/e
  static constexpr std::int32_t shortest_fade = 50;
  static constexpr std::int32_t longest_fade = 60'000;

  double mean_ = 0;
  double variance_ = usual_variance;
  std::uint32_t at_ = 0;
};

}  // namespace blastune
