// SPDX-License-Identifier: BSD-3-Clause
#include "model/choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "model/curve.h"
#include "model/rng.h"

namespace blastune {
namespace {

std::vector<Candidate> random_candidates(Rng& rng, double variance) {
  std::vector<Candidate> candidates;
  for (int threads = 2; threads <= 24; ++threads) {
    if (rng.below(3) == 0) continue;
    const double own = variance * rng.uniform();
    candidates.push_back({threads, static_cast<float>(rng.normal() * 0.1), static_cast<float>(own),
                          static_cast<float>(own / 2)});
  }
  return candidates;
}

Choice choice_of(const std::vector<Candidate>& candidates, const ChoiceRule& rule, int limit) {
  Choice choice(rule, limit);
  for (const auto& candidate : candidates)
    if (candidate.threads <= choice.highest()) choice.offer(candidate);
  return choice;
}

int threads_of(const Choice& choice, float moved = 0) {
  return choice.margin_of_one() + moved > 0 ? 1 : choice.several().threads;
}

TEST(Choice, WithNothingUnknownLosesNoMoreThanIsTolerated) {
  Rng rng(1);
  for (int round = 0; round < 1000; ++round) {
    const auto candidates = random_candidates(rng, 0);
    Curve curve;
    curve.at(1).seconds.add(1);
    for (const auto& candidate : candidates)
      curve.at(candidate.threads).seconds.add(std::exp(static_cast<double>(candidate.log_ratio)));
    for (int limit = 1; limit <= 26; ++limit) {
      for (const int own : {1, 8, 24, 64}) {
        const int threads = threads_of(choice_of(candidates, {own, 0.02F, 0, 0}, limit));
        // Of counts that are as good, it may be an even lower one.
        EXPECT_LE(threads, best_threads(curve, limit, 0.02)) << "limit " << limit << " own " << own;
        const double seconds = curve.find(threads)->seconds.mean();
        for (const auto& point : curve.points) {
          if (point.threads > limit) break;
          const double loss = tolerated_loss(threads, point.threads, 0.02);
          EXPECT_LE(seconds, point.seconds.mean() * (1 + loss) + 1e-6) << "limit " << limit << " own " << own;
        }
      }
    }
  }
}

TEST(Choice, IsWithinTheLimitAndMonotoneInLimitAndState) {
  Rng rng(2);
  for (int round = 0; round < 2000; ++round) {
    const auto candidates = random_candidates(rng, 0.02);
    const ChoiceRule rule{1 + static_cast<int>(rng.below(30)), 0.02F, 0.01F, 0.01F};
    int before = 1;
    for (int limit = 1; limit <= 26; ++limit) {
      const Choice choice = choice_of(candidates, rule, limit);
      const int threads = threads_of(choice);
      ASSERT_LE(threads, limit);
      ASSERT_GE(threads, before) << "limit " << limit << " own " << rule.own_threads;
      before = threads;
      int by_state = threads_of(choice, -1);
      for (float moved = -0.9F; moved < 1; moved += 0.1F) {
        ASSERT_LE(threads_of(choice, moved), by_state);
        by_state = threads_of(choice, moved);
      }
    }
  }
}

TEST(Choice, AChallengerMustEarnItsPlace) {
  const ChoiceRule rule{8, 0, 0.04F, 0.04F};
  // Ahead by half a standard error, and by a twentieth of one.
  EXPECT_EQ(threads_of(choice_of({{8, 0.1F, 0, 0}}, rule, 8)), 1);
  EXPECT_EQ(threads_of(choice_of({{8, 0.01F, 0, 0}}, rule, 8)), 8);
  EXPECT_EQ(threads_of(choice_of({{4, -0.6F, 0, 0}, {8, -0.5F, 0, 0}}, rule, 8)), 4);
  EXPECT_EQ(threads_of(choice_of({{4, -0.51F, 0, 0}, {8, -0.5F, 0, 0}}, rule, 8)), 8);
  // More threads than the library's own are challengers too.
  EXPECT_EQ(threads_of(choice_of({{8, -0.5F, 0, 0}, {16, -0.6F, 0, 0}}, rule, 16)), 16);
  EXPECT_EQ(threads_of(choice_of({{8, -0.5F, 0, 0}, {16, -0.51F, 0, 0}}, rule, 16)), 8);
}

TEST(Choice, OneThreadMayBeTheIncumbent) {
  const ChoiceRule rule{1, 0, 0.04F, 0.04F};
  EXPECT_EQ(threads_of(choice_of({{2, -0.01F, 0, 0}}, rule, 2)), 1);
  EXPECT_EQ(threads_of(choice_of({{2, -0.2F, 0, 0}}, rule, 2)), 2);
}

TEST(Choice, WhatEarnedItsPlaceHoldsUnderLowerLimits) {
  const ChoiceRule rule{16, 0, 0.04F, 0.04F};
  const std::vector<Candidate> candidates{{4, -0.6F, 0, 0}, {8, -0.59F, 0, 0}, {16, 0.5F, 0, 0}};
  EXPECT_EQ(threads_of(choice_of(candidates, rule, 16)), 4);
  EXPECT_EQ(threads_of(choice_of(candidates, rule, 8)), 4);
  EXPECT_EQ(threads_of(choice_of({candidates[0], candidates[1]}, {8, 0, 0.04F, 0.04F}, 8)), 8);
}

}  // namespace
}  // namespace blastune
