// SPDX-License-Identifier: BSD-3-Clause
#include "model/choice.h"

#include <algorithm>
#include <cmath>

#include "model/curve.h"

namespace blastune {
namespace {

// Standard errors by which a challenger has to be ahead (docs/adr/0015-doubt-and-state.md).
constexpr float doubt = 0.35F;

float tolerated(int fewer, int more, float tolerance) {
  // The logarithm of one and a small share, to within a hundredth of it.
  const auto loss = static_cast<float>(tolerated_loss(fewer, more, static_cast<double>(tolerance)));
  return loss < 0.05F ? loss - loss * loss / 2 : std::log1p(loss);
}

}  // namespace

float Choice::error(const Candidate& candidate) const {
  return std::sqrt(candidate.variance + rule_.shared_variance);
}

float Choice::error_between(const Candidate& fewer, const Candidate& more) const {
  const float left = 2 * (1 - static_cast<float>(fewer.threads) / static_cast<float>(more.threads));
  return std::sqrt(fewer.own_variance + more.own_variance + rule_.apart_variance * std::min(1.0F, left));
}

void Choice::offer(const Candidate& candidate) {
  if (candidate.threads <= rule_.own_threads) {
    offer_incumbent(candidate);
  } else if (candidate.threads <= limit_) {
    offer_more_than_own(candidate);
  }
}

// The library's own count, or what it is under a limit of so many.
void Choice::offer_incumbent(const Candidate& incumbent) {
  const float to_one = incumbent.log_ratio + tolerated(1, incumbent.threads, rule_.tolerance);
  least_to_one_ = std::min(least_to_one_, to_one);
  const float margin = std::min(least_to_one_, to_one - doubt * error(incumbent));
  bool has_earned = true;
  if (best_.threads == 0) {
    best_ = incumbent;
  } else {
    const float behind =
        incumbent.log_ratio - best_.log_ratio + tolerated(best_.threads, incumbent.threads, rule_.tolerance);
    if (behind < 0) best_ = incumbent;
    has_earned = behind < 0 || behind >= doubt * error_between(best_, incumbent);
  }
  const Candidate& held = has_earned ? best_ : incumbent;
  if (incumbent.threads <= limit_) {
    several_ = held;
    margin_ = margin;
    expected_best_ = best_;
    expected_margin_ = least_to_one_;
  } else {
    if (held.threads < several_.threads) several_ = held;
    margin_ = std::max(margin_, margin);
  }
}

void Choice::offer_more_than_own(const Candidate& challenger) {
  const float to_one = challenger.log_ratio + tolerated(1, challenger.threads, rule_.tolerance);
  const auto is_better = [&](const Candidate& held, float wanted) {
    return held.threads == 0 || held.log_ratio - challenger.log_ratio >
                                    tolerated(held.threads, challenger.threads, rule_.tolerance) + wanted;
  };
  const float wanted = several_.threads == 0 ? 0 : doubt * error_between(several_, challenger);
  if (is_better(several_, wanted)) several_ = challenger;
  if (is_better(expected_best_, 0)) expected_best_ = challenger;
  margin_ = std::min(margin_, to_one + doubt * error(challenger));
  expected_margin_ = std::min(expected_margin_, to_one);
}

}  // namespace blastune
