// SPDX-License-Identifier: BSD-3-Clause
#include "load/available_cores.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "crowd.h"

namespace blastune {
namespace {

SeenUse use(double processors, double others, double own = 0, double seconds = 0.1) {
  return {seconds, processors, others, own};
}

TEST(AvailableCores, TakesAllUntilItSeesSomebody) {
  AvailableCores available(8);
  EXPECT_EQ(available.cores(), 8);
  available.look(0.1, use(8, 0.1, 8));
  EXPECT_EQ(available.cores(), 8);
  available.look(0.2, use(8, 3, 5));
  EXPECT_EQ(available.cores(), 5);
}

TEST(AvailableCores, AreNeverBelowOneNorAboveTheCapacity) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> number(-3, 20);
  for (int capacity : {-1, 0, 1, 2, 8, 192}) {
    AvailableCores available(capacity);
    double now = 0;
    for (int i = 0; i < 2000; ++i) {
      now += 0.05;
      if (i % 3 == 0) available.collide(now, static_cast<int>(number(random)), number(random));
      if (i % 5 == 0) available.retry(now);
      available.look(now, use(number(random), number(random), number(random), number(random)));
      EXPECT_GE(available.cores(), 1);
      EXPECT_LE(available.cores(), std::max(1, capacity));
    }
  }
}

TEST(AvailableCores, NonsenseChangesNothing) {
  AvailableCores available(4);
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  available.look(1, use(4, nan, 1));
  available.look(1, use(4, 3, nan));
  available.look(1, use(nan, 3, 1));
  available.look(1, use(4, 3, 1, nan));
  available.look(1, use(4, 3, 1, 0.01));
  available.collide(1, 4, nan);
  available.collide(1, 1, 1);
  available.collide(1, 4, 0);
  EXPECT_EQ(available.cores(), 4);
}

TEST(AvailableCores, ACollisionCountsAtOnceAndByWhatWasMissing) {
  AvailableCores available(8);
  available.collide(1, 8, 1.2);
  EXPECT_EQ(available.cores(), 7);
  available.collide(1.001, 7, 4);
  EXPECT_EQ(available.cores(), 3);
  // Of a multiply that began before.
  available.collide(1.002, 8, 1);
  EXPECT_EQ(available.cores(), 3);
  available.collide(1.003, 3, 100);
  EXPECT_EQ(available.cores(), 1);
}

TEST(AvailableCores, AloneTheyAreAllBackWithTheNextLook) {
  AvailableCores available(64);
  available.collide(1, 64, 60);
  EXPECT_EQ(available.cores(), 4);
  available.look(1.1, use(64, 0.2, 4));
  EXPECT_EQ(available.cores(), 64);
}

TEST(AvailableCores, WhatNobodyIsKnownToUseIsTriedAgainVerySoon) {
  AvailableCores available(8);
  EXPECT_EQ(available.retry_at(), AvailableCores::never);
  available.look(0.9, use(8, 0.1, 8));
  available.collide(1, 8, 3);
  ASSERT_EQ(available.cores(), 5);
  // Before anything was tried again it is all one collision.
  available.collide(1.001, 5, 2);
  ASSERT_EQ(available.cores(), 3);
  const double first = available.retry_at() - 1.001;
  EXPECT_GT(first, 0.005);
  EXPECT_LT(first, 0.03);
  available.retry(available.retry_at() - 1e-4);
  EXPECT_EQ(available.cores(), 3);
  const double tried = available.retry_at();
  available.retry(tried);
  EXPECT_EQ(available.cores(), 8);
  EXPECT_EQ(available.retry_at(), AvailableCores::never);
  // Somebody is there after all: each time later.
  available.collide(tried + 0.001, 8, 1);
  EXPECT_EQ(available.cores(), 7);
  const double second = available.retry_at() - (tried + 0.001);
  EXPECT_GT(second, 1.5 * first);
  // And once a look has seen somebody, it is for looks to say.
  available.look(tried + 0.1, use(8, 1, 7));
  EXPECT_EQ(available.retry_at(), AvailableCores::never);
  available.retry(tried + 1);
  EXPECT_EQ(available.cores(), 7);
  available.collide(tried + 1, 7, 1);
  EXPECT_EQ(available.retry_at(), AvailableCores::never);
}

TEST(AvailableCores, WhatIsTriedAgainIsNoMoreThanTheCapacity) {
  AvailableCores available(8);
  available.collide(1, 8, 3);
  available.set_capacity(4);
  available.retry(2);
  EXPECT_EQ(available.cores(), 4);
}

TEST(AvailableCores, TrialsThatFailComeLaterAndLater) {
  AvailableCores available(2);
  double now = 0;
  int trials = 0;
  // Somebody whom the looks do not show, and every trial meets.
  while (now < 60) {
    now += 0.1;
    available.look(now, use(2, 0.2, 1));
    if (available.cores() < 2) continue;
    ++trials;
    available.collide(now + 0.003, 2, 1);
  }
  // With one every 0.1 s there would be 600.
  EXPECT_LE(trials, 160);
  EXPECT_GE(trials, 60);  // it does not give up
}

TEST(AvailableCores, ATrialThatHeldForgetsTheOnesThatFailed) {
  AvailableCores available(2);
  double now = 0;
  for (int i = 0; i < 100; ++i) {
    now += 0.1;
    available.look(now, use(2, 0.2, 1));
    if (available.cores() == 2) available.collide(now + 0.003, 2, 1);
  }
  while (available.cores() < 2) available.look(now += 0.1, use(2, 0, 1));
  for (int i = 0; i < 10; ++i) available.look(now += 0.1, use(2, 0, 2));
  available.collide(now, 2, 1);
  available.look(now += 0.1, use(2, 0, 1));
  EXPECT_EQ(available.cores(), 2);
}

TEST(AvailableCores, FollowTheCapacity) {
  AvailableCores whole(8);
  whole.set_capacity(16);
  EXPECT_EQ(whole.cores(), 16);
  whole.set_capacity(4);
  EXPECT_EQ(whole.cores(), 4);
  AvailableCores part(8);
  part.collide(1, 8, 5);
  part.set_capacity(16);
  EXPECT_EQ(part.cores(), 3);
  part.set_capacity(2);
  EXPECT_EQ(part.cores(), 2);
  part.set_capacity(0);
  EXPECT_EQ(part.cores(), 1);
}

TEST(AvailableCores, AQuotaIsNotSharedWithThoseWhoUseOtherCores) {
  AvailableCores available(2);
  available.look(0.1, use(16, 10, 2));
  EXPECT_EQ(available.cores(), 2);
  available.look(0.2, use(16, 15, 1));
  EXPECT_EQ(available.cores(), 1);
}

TEST(AvailableCores, FewerProcessorsThanTheCapacityAreNoReasonToChangeForth) {
  AvailableCores available(8);
  available.look(0.1, use(2, 0, 2));
  EXPECT_EQ(available.cores(), 2);
  for (double now = 0.2; now < 3; now += 0.1) {
    available.look(now, use(2, 0, 2));
    EXPECT_EQ(available.cores(), 2);
  }
  available.look(3.1, use(8, 0, 2));
  EXPECT_EQ(available.cores(), 8);
}

TEST(AvailableCores, FreedCoresGoToWhoeverHasLeast) {
  AvailableCores small(8);
  AvailableCores large(8);
  small.collide(0, 8, 7);
  large.collide(0, 8, 2);
  double small_grew = 0;
  double large_grew = 0;
  for (double now = 0.1; now < 3; now += 0.1) {
    small.look(now, use(8, 6, 1));
    large.look(now, use(8, 1, 6));
    if (small.cores() > 1 && small_grew == 0) small_grew = now;
    if (large.cores() > 6 && large_grew == 0) large_grew = now;
  }
  EXPECT_GT(small_grew, 0);
  EXPECT_GT(large_grew, 1.5 * small_grew);
}

// From any start, on small and large machines.
TEST(AvailableCoresCrowd, SettlesFairlyAndUsesTheMachine) {
  for (const int cores : {2, 4, 8, 16, 64, 192}) {
    for (const int processes : {1, 2, 3, 4, 7}) {
      for (const bool one_has_most : {false, true}) {
        for (const std::uint64_t seed : {1U, 2U, 3U}) {
          SCOPED_TRACE(testing::Message()
                       << cores << " cores, " << processes << " processes, "
                       << (one_has_most ? "one has most" : "each wants all") << ", seed " << seed);
          Crowd crowd({.cores = cores, .seed = seed});
          for (int i = 0; i < processes; ++i) {
            if (one_has_most)
              crowd.add(cores, i == 0 ? std::max(1, cores - processes + 1) : 1);
            else
              crowd.add(cores);
          }
          crowd.run(30);
          crowd.forget();
          crowd.run(60);
          EXPECT_GE(crowd.fairness(), 0.8);
          EXPECT_GE(crowd.used(), 0.96);
          for (int i = 0; i < processes; ++i) {
            // Less than once a second, and it collides a hundred times less than it looks.
            EXPECT_LE(crowd.changes_of(i), 45);
            EXPECT_LE(crowd.collisions_of(i), 25);
          }
        }
      }
    }
  }
}

TEST(AvailableCoresCrowd, TwoAreEqualOnTwoCoresAndTheSurvivorHasBoth) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    Crowd crowd({.cores = 2, .seed = seed});
    const int one = crowd.add(2);
    const int other = crowd.add(2);
    crowd.run(1);
    crowd.forget();
    crowd.run(10);
    EXPECT_EQ(crowd.cores_of(one), 1);
    EXPECT_EQ(crowd.cores_of(other), 1);
    EXPECT_EQ(crowd.changes_of(one) + crowd.changes_of(other), 0);
    crowd.end(other);
    crowd.run(0.5);
    EXPECT_EQ(crowd.cores_of(one), 2);
  }
}

TEST(AvailableCoresCrowd, LoadThatComesIsFeltAtOnceAndLoadThatGoesSoon) {
  for (const int cores : {2, 8, 64}) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
      SCOPED_TRACE(testing::Message() << cores << " cores, seed " << seed);
      Crowd crowd({.cores = cores, .seed = seed});
      const int process = crowd.add(cores);
      crowd.run(5);
      ASSERT_EQ(crowd.cores_of(process), cores);
      crowd.forget();
      crowd.set_busy(1);
      crowd.run(0.01);
      EXPECT_LE(crowd.cores_of(process), cores - 1);
      EXPECT_GE(crowd.cores_of(process), cores / 2);
      crowd.run(2);
      // It is not tried again and again.
      EXPECT_LE(crowd.collisions_of(process), 8);
      // Less what it may just be offering.
      EXPECT_GE(crowd.cores_of(process), cores - 1 - cores / 8);
      EXPECT_LE(crowd.cores_of(process), cores - 1);
      crowd.set_busy(0);
      crowd.run(0.5);
      EXPECT_EQ(crowd.cores_of(process), cores);
    }
  }
}

TEST(AvailableCoresCrowd, WithoutFeelingLooksAloneSettleToo) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    Crowd crowd({.cores = 8, .seed = seed, .feels_collisions = false});
    for (int i = 0; i < 4; ++i) crowd.add(8);
    crowd.run(30);
    crowd.forget();
    crowd.run(60);
    EXPECT_GE(crowd.fairness(), 0.7);
    EXPECT_GE(crowd.used(), 0.95);
  }
}

TEST(AvailableCores, AGuessIsWithinTheCapacityAndTheFirstLookTakesItsPlace) {
  for (const int others : {-1, 0, 1, 3, 7, 8, 100}) {
    AvailableCores cores(8);
    cores.guess(8, others);
    EXPECT_EQ(cores.cores(), std::clamp(8 - others, 1, 8)) << others;
    cores.look(0.1, {0.1, 8, 0, 0});
    EXPECT_EQ(cores.cores(), 8) << others;
  }
  AvailableCores few(2);
  few.guess(96, 3);
  EXPECT_EQ(few.cores(), 2);
  few.guess(0, 3);
  EXPECT_EQ(few.cores(), 2);
}

TEST(AvailableCoresCrowd, OffersToSomebodyWhoNeverTakesThemCostLittle) {
  Crowd crowd({.cores = 8});
  crowd.set_busy(3);
  const int process = crowd.add(8);
  crowd.run(60);
  crowd.forget();
  crowd.run(600);
  EXPECT_GE(crowd.used_by(process), 4.95);
  EXPECT_LE(crowd.changes_of(process), 60);
}

TEST(AvailableCoresCrowd, MomentsOfOthersCostNextToNothing) {
  Crowd crowd({.cores = 2, .trouble_tail = 0.01});
  const int process = crowd.add(2);
  crowd.run(600);
  EXPECT_GE(crowd.used_by(process), 1.95);
}

}  // namespace
}  // namespace blastune
