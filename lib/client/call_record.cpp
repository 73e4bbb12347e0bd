// SPDX-License-Identifier: BSD-3-Clause
#include "client/call_record.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace blastune {
namespace {

// How much longer or shorter than in the table a program's calls are with either count, for reasons of its
// own (ln), and a call than the one before.
constexpr double own_variance = 0.1 * 0.1;
constexpr double call_variance = 0.12 * 0.12;
// What a record has learnt wears off, so that it never stops to listen.
constexpr double drift_variance = 1e-5;
// A call that is further off counts as one that is this far off, so that one odd call moves little.
constexpr double most_deviations = 2;
constexpr double least_loading = 0.2;

// A change of the count must gain this much (ln), so that noise alone changes nothing.
constexpr double hysteresis = 0.03;

constexpr std::uint32_t first_calls = 50;  // a gemm that is called a few times only is not worth a probe
constexpr std::uint8_t probe_calls = 4;    // the first of them finds the caches as the other count left them
constexpr double most_cost = 0.005;        // of the time, for probes
constexpr double doubtful_deviations = 2;  // a challenger that is slower by more than so many is not tried
constexpr double shortest_pause_seconds = 0.02;
constexpr double longest_pause_calls = 1e6;

}  // namespace

void CallRecord::Estimate::move(double surprise, double share) {
  log_seconds += static_cast<float>(share * surprise);
  variance = static_cast<float>(static_cast<double>(variance) * (1 - share) + drift_variance);
}

CallRecord::CallRecord(const Alternatives& table) {
  if (table.several < 2 || !(table.one_seconds > 0) || !(table.several_seconds > 0)) return;
  several_ = static_cast<std::uint16_t>(table.several);
  calls_left_ = first_calls;
  const double variance = table.error * table.error / 2 + own_variance;
  one_ = {static_cast<float>(std::log(table.one_seconds)), static_cast<float>(variance)};
  more_ = {static_cast<float>(std::log(table.several_seconds)), static_cast<float>(variance)};
  loading_ = static_cast<float>(std::max(least_loading, table.loading));
  handicap_ = static_cast<float>(table.handicap);
  unsettled_ = one_.variance + more_.variance;
  find_crossover();
}

void CallRecord::find_crossover() {
  const float settled = unsettled_ > 0 ? std::min(1.0F, (one_.variance + more_.variance) / unsettled_) : 0;
  const float handicap = handicap_ > 0 ? handicap_ * settled : handicap_;
  crossover_ = (one_.log_seconds + handicap - more_.log_seconds) / loading_;
}

bool CallRecord::prefers_one(double state) const {
  const double margin = hysteresis / static_cast<double>(loading_);
  return state > static_cast<double>(crossover_) + (holds_one_ ? -margin : margin);
}

double CallRecord::log_expected(bool with_one, double state) const {
  return with_one ? static_cast<double>(one_.log_seconds)
                  : static_cast<double>(more_.log_seconds) + static_cast<double>(loading_) * state;
}

double CallRecord::expected_seconds(int threads, double state) const {
  return has_opinion() ? std::exp(log_expected(threads == 1, state)) : 0;
}

CallRecord::Plan CallRecord::before(const MachineState& state) {
  if (!has_opinion()) return {};
  holds_one_ = prefers_one(state.mean());
  if (probe_left_ == 0 && --calls_left_ == 0) plan_probe(state);
  if (probe_left_ == 0) return {holds_one_ ? 1 : several_, !std::exchange(is_new_, false)};
  const bool is_first = probe_left_-- == probe_calls;
  return {holds_one_ ? several_ : 1, !is_first};
}

void CallRecord::plan_probe(const MachineState& state) {
  const double loss = log_expected(!holds_one_, state.mean()) - log_expected(holds_one_, state.mean());
  const auto loading = static_cast<double>(loading_);
  const double unknown = std::sqrt(static_cast<double>(one_.variance) + static_cast<double>(more_.variance) +
                                   loading * loading * state.variance());
  const double seconds = std::exp(log_expected(holds_one_, state.mean()));
  const double lost_calls = probe_calls * std::max(0.0, std::expm1(loss)) + 1;
  const double pause = std::max(lost_calls / most_cost, shortest_pause_seconds / std::max(seconds, 1e-9));
  calls_left_ = static_cast<std::uint32_t>(std::min(pause, longest_pause_calls));
  if (loss < doubtful_deviations * unknown) probe_left_ = probe_calls;
}

void CallRecord::after(int threads, double seconds, MachineState& state) {
  if (!has_opinion() || !(seconds > 0)) return;
  const bool with_one = threads == 1;
  if (!with_one && threads != several_) return;
  Estimate& estimate = with_one ? one_ : more_;
  const double loading = with_one ? 0 : static_cast<double>(loading_);
  const auto own = static_cast<double>(estimate.variance);
  const double all = loading * loading * state.variance() + own + call_variance;
  const double most = most_deviations * std::sqrt(all);
  const double surprise = std::clamp(std::log(seconds) - log_expected(with_one, state.mean()), -most, most);
  if (!with_one) state.learn(surprise, loading, own + call_variance);
  estimate.move(surprise, own / all);
  find_crossover();
}

}  // namespace blastune
