// SPDX-License-Identifier: BSD-3-Clause
//
// The rule by which a count is chosen. The incumbent is what the library does by itself under a limit: its
// own count, or the limit where that is lower. Another count, a challenger, must earn its place: its
// expected gain, and the tolerance where it is fewer threads, must outweigh a third of the gain's standard
// error. Where nothing is unknown, it loses no more than is tolerated, as best_threads does.
//
// What has earned its place against the library's own count under a limit holds under every lower limit that
// allows it, so that a count that is chosen never falls when the limit rises. Pure; neither allocates nor
// locks.
#pragma once

#include <limits>

namespace blastune {

// One count, against one thread.
struct Candidate {
  int threads = 1;
  float log_ratio = 0;     // ln(time with it / time with one thread), expected in state 0
  float variance = 0;      // of that, but for ChoiceRule::shared_variance
  float own_variance = 0;  // the part of it that other counts do not have
};

struct ChoiceRule {
  int own_threads = 1;  // the library's
  float tolerance = 0;
  float shared_variance = 0;  // of every log_ratio
  // Of log_ratios against each other, where one count is at most half of the other; nearer ones have less.
  float apart_variance = 0;
};

class Choice {
 public:
  Choice(const ChoiceRule& rule, int limit) : rule_(rule), limit_(limit) {}

  // The next higher count, 2 or more. Those above the limit are asked for too, up to the library's own.
  [[nodiscard]] int highest() const { return limit_ < rule_.own_threads ? rule_.own_threads : limit_; }
  void offer(const Candidate& candidate);

  // The best count of two or more within the limit; its threads are 0 where there is none.
  [[nodiscard]] const Candidate& several() const { return several_; }
  // The same if what is expected were certain.
  [[nodiscard]] const Candidate& expected_best() const { return expected_best_; }
  // One thread is chosen when this and the state's share of it are above 0. Never rises with the limit.
  [[nodiscard]] float margin_of_one() const { return margin_; }
  // The same if what is expected were certain.
  [[nodiscard]] float expected_margin_of_one() const { return expected_margin_; }

  // Of log_ratio, against one thread.
  [[nodiscard]] float error(const Candidate& candidate) const;
  // Of the difference between two counts' log_ratios.
  [[nodiscard]] float error_between(const Candidate& fewer, const Candidate& more) const;

 private:
  void offer_incumbent(const Candidate& candidate);
  void offer_more_than_own(const Candidate& candidate);

  ChoiceRule rule_;
  int limit_;
  // Of all that were offered, by what is expected.
  Candidate best_{0, 0, 0, 0};
  float least_to_one_ = std::numeric_limits<float>::max();
  // Within the limit.
  Candidate several_{0, 0, 0, 0};
  Candidate expected_best_{0, 0, 0, 0};
  float margin_ = std::numeric_limits<float>::max();
  float expected_margin_ = std::numeric_limits<float>::max();
};

}  // namespace blastune
