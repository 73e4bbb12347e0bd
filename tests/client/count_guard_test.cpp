// SPDX-License-Identifier: BSD-3-Clause
#include "client/count_guard.h"

#include <gtest/gtest.h>
#include <time.h>

#include <atomic>
#include <thread>
#include <vector>

namespace blastune {
namespace {

// A library with one count for the process, and an OpenMP runtime with one for each thread.
std::atomic<int> process_count{4};
std::atomic<int> sets{0};
thread_local int thread_count = 4;
std::atomic<int> parallel{0};

int get_process() {
  return process_count.load();
}
void set_process(int count) {
  process_count.store(count);
  sets.fetch_add(1);
}
int get_thread() {
  return thread_count;
}
void set_thread(int count) {
  thread_count = count;
}
int in_parallel() {
  return parallel.load();
}

CountFunctions functions(CountScope scope) {
  CountFunctions functions;
  functions.scope = scope;
  functions.get = scope == CountScope::thread ? &get_thread : &get_process;
  functions.set = scope == CountScope::thread ? &set_thread : &set_process;
  if (scope != CountScope::process) functions.in_parallel = &in_parallel;
  return functions;
}

class CountGuardTest : public ::testing::TestWithParam<CountScope> {
 protected:
  CountGuardTest() {
    process_count = 4;
    thread_count = 4;
    parallel = 0;
    sets = 0;
  }
  [[nodiscard]] static int count() { return GetParam() == CountScope::thread ? get_thread() : get_process(); }
  static void set(int count) {
    if (GetParam() == CountScope::thread)
      set_thread(count);
    else
      set_process(count);
  }
  CountGuard guard_{functions(GetParam())};
};

TEST_P(CountGuardTest, SetsAndRestores) {
  const GuardScope scope = guard_.enter(2);
  EXPECT_EQ(count(), 2);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
  EXPECT_EQ(guard_.user_count(), 4);
}

TEST_P(CountGuardTest, SaysWhatHoldsInAScope) {
  EXPECT_EQ(guard_.count_in({}), 0);
  const GuardScope scope = guard_.enter(2);
  EXPECT_EQ(guard_.count_in(scope), 2);
  guard_.leave(scope);
  const GuardScope without_opinion = guard_.enter(0);
  EXPECT_EQ(guard_.count_in(without_opinion), 4);
  guard_.leave(without_opinion);
  parallel = 1;
  const GuardScope in_region = guard_.enter(2);
  EXPECT_EQ(guard_.count_in(in_region), GetParam() == CountScope::process ? 2 : 0);
  guard_.leave(in_region);
}

// As of another thread that was there first.
TEST_P(CountGuardTest, SaysWhatHoldsInAScopeAmongOthers) {
  const GuardScope first = guard_.enter(2);
  const GuardScope second = guard_.enter(3);
  EXPECT_EQ(guard_.count_in(second), count());
  EXPECT_LE(guard_.count_in(second), 2);
  guard_.leave(second);
  guard_.leave(first);
}

TEST_P(CountGuardTest, NeverRaises) {
  const GuardScope scope = guard_.enter(9);
  EXPECT_EQ(count(), 4);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, WithoutOpinionNothingChanges) {
  const GuardScope scope = guard_.enter(0);
  EXPECT_EQ(count(), 4);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
  EXPECT_EQ(sets, 0);
}

TEST_P(CountGuardTest, NestedScopesEndWhereTheyBegan) {
  const GuardScope outer = guard_.enter(3);
  const GuardScope inner = guard_.enter(1);
  EXPECT_LE(count(), 3);
  guard_.leave(inner);
  EXPECT_EQ(count(), 3);
  guard_.leave(outer);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, AChangeByTheProgramInsideStays) {
  const GuardScope scope = guard_.enter(2);
  set(3);
  EXPECT_EQ(guard_.user_count(), 3);
  guard_.leave(scope);
  EXPECT_EQ(count(), 3);
  const GuardScope next = guard_.enter(1);
  EXPECT_EQ(count(), 1);
  guard_.leave(next);
  EXPECT_EQ(count(), 3);
}

TEST_P(CountGuardTest, NothingInsideAParallelRegion) {
  if (GetParam() == CountScope::process) return;  // such a build knows no regions
  parallel = 1;
  const GuardScope scope = guard_.enter(2);
  EXPECT_EQ(count(), 4);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, LeavingNothingChangesNothing) {
  guard_.leave({});
  EXPECT_EQ(count(), 4);
  const GuardScope scope = guard_.enter(2);
  guard_.leave({});
  EXPECT_EQ(count(), 2);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, AScopeThatForkCutThroughIsLeftInTheChild) {
  const GuardScope scope = guard_.enter(2);
  guard_.forget_other_threads();
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, AScopeOfAThreadThatForkLeftBehindIsHealedByTheNext) {
  if (GetParam() == CountScope::thread) return;  // that thread's count is gone with it
  (void)guard_.enter(2);
  guard_.forget_other_threads();
  EXPECT_EQ(guard_.user_count(), 4);
  const GuardScope scope = guard_.enter(3);
  EXPECT_EQ(count(), 3);
  guard_.leave(scope);
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, AnOldScopeDoesNotEndANewOne) {
  const GuardScope old = guard_.enter(2);
  guard_.forget_other_threads();
  const GuardScope scope = guard_.enter(1);
  EXPECT_EQ(count(), 1);
  if (GetParam() != CountScope::thread) {
    guard_.leave(old);
    EXPECT_EQ(count(), 1);
    guard_.leave(scope);
    EXPECT_EQ(count(), 4);
  }
}

TEST_P(CountGuardTest, WhileFrozenNothingIsSetAndNothingIsLost) {
  if (GetParam() != CountScope::process) return;  // others wait, or have nothing to wait for
  const GuardScope before = guard_.enter(2);
  guard_.freeze();
  const GuardScope during = guard_.enter(1);
  EXPECT_EQ(count(), 2);
  guard_.leave(during);
  guard_.leave(before);
  EXPECT_EQ(count(), 2);  // not restored yet
  EXPECT_EQ(guard_.user_count(), 4);
  guard_.thaw();
  EXPECT_EQ(count(), 4);
  guard_.freeze();
  const GuardScope late = guard_.enter(1);
  EXPECT_EQ(count(), 4);
  guard_.thaw();
  guard_.leave(late);
  EXPECT_EQ(count(), 4);
  const GuardScope next = guard_.enter(1);
  EXPECT_EQ(count(), 1);
  guard_.leave(next);
}

TEST_P(CountGuardTest, FreezingAmongManyThreadsLosesNothing) {
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      while (!stop) guard_.leave(guard_.enter(2));
    });
  }
  for (int i = 0; i < 300; ++i) {
    guard_.freeze();
    const int before = sets.load();
    std::this_thread::yield();
    EXPECT_EQ(sets.load(), before);
    guard_.thaw();
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count(), 4);
}

TEST_P(CountGuardTest, ManyThreadsNeverLoseTheUsersCount) {
  std::atomic<bool> exceeded{false};
  const auto work = [&](int thread) {
    for (int i = 0; i < 4000; ++i) {
      const GuardScope scope = guard_.enter((i + thread) % 5);
      if (count() > 4 || count() < 1) exceeded = true;
      const int user = guard_.user_count();
      // In a build with one count for all, what the user set is visible through every change.
      if (GetParam() != CountScope::thread && user != 4) exceeded = true;
      guard_.leave(scope);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(exceeded);
  EXPECT_EQ(count(), 4);
  EXPECT_EQ(guard_.user_count(), 4);
}

INSTANTIATE_TEST_SUITE_P(All, CountGuardTest,
                         ::testing::Values(CountScope::process, CountScope::process_exclusive,
                                           CountScope::thread),
                         [](const auto& tested) {
                           switch (tested.param) {
                             case CountScope::process:
                               return "process";
                             case CountScope::process_exclusive:
                               return "process_exclusive";
                             default:
                               return "thread";
                           }
                         });

TEST(CountGuardProcess, TheCountIsSharedWhileOthersAreInside) {
  process_count = 4;
  CountGuard guard(functions(CountScope::process));
  const GuardScope first = guard.enter(2);
  GuardScope second;
  std::thread([&] { second = guard.enter(1); }).join();
  EXPECT_EQ(get_process(), 2);
  guard.leave(first);
  EXPECT_EQ(get_process(), 2);  // the second still relies on it
  guard.leave(second);
  EXPECT_EQ(get_process(), 4);
}

TEST(CountGuardProcess, OneWithoutOpinionKeepsOthersFromChangingUnderIt) {
  process_count = 4;
  CountGuard guard(functions(CountScope::process));
  const GuardScope first = guard.enter(0);
  const GuardScope second = guard.enter(1);
  EXPECT_EQ(get_process(), 4);
  guard.leave(second);
  guard.leave(first);
  EXPECT_EQ(get_process(), 4);
}

TEST(CountGuardProcess, SaysHowManyOthersAreInside) {
  process_count = 4;
  CountGuard guard(functions(CountScope::process));
  const GuardScope first = guard.enter(2);
  const GuardScope second = guard.enter(2);
  EXPECT_EQ(first.others, 0);
  EXPECT_EQ(second.others, 1);
  guard.leave(second);
  guard.leave(first);
}

TEST(CountGuardProcess, GrowsWhereNobodyIsInsideAndNobodyHasChangedIt) {
  process_count = 1;
  CountGuard guard(functions(CountScope::process));
  const GuardScope scope = guard.enter(1);
  guard.grow(1, 4);
  EXPECT_EQ(get_process(), 1);
  guard.leave(scope);
  guard.grow(1, 4);
  EXPECT_EQ(get_process(), 4);
  EXPECT_EQ(guard.user_count(), 4);
  set_process(2);  // the program means it
  guard.grow(1, 4);
  EXPECT_EQ(get_process(), 2);
}

TEST(CountGuardProcess, KnowsItsCompany) {
  process_count = 4;
  CountGuard guard(functions(CountScope::process));
  const GuardScope first = guard.enter(1);
  guard.note_company(first);
  EXPECT_EQ(guard.callers(), 1);
  for (int i = 0; i < 3; ++i) {
    std::thread([&] {
      const GuardScope second = guard.enter(1);
      guard.note_company(second);
      guard.leave(second);
    }).join();
  }
  EXPECT_EQ(guard.callers(), 2);
  guard.leave(first);
}

// Callers with one thread each are company too, though none of them touches what others rely on.
TEST(CountGuardThread, CallersWithOneThreadAreCounted) {
  CountGuard guard(functions(CountScope::thread));
  thread_count = 4;
  const GuardScope first = guard.enter(1);
  std::thread([&] {
    thread_count = 4;
    const GuardScope second = guard.enter(1);
    EXPECT_EQ(second.others, 1);
    EXPECT_FALSE(guard.is_beside_others(first));
    guard.leave(second);
  }).join();
  guard.leave(first);
  EXPECT_EQ(guard.enter(1).others, 0);
}

// Or the first would never learn that it should take its part only.
TEST(CountGuardThread, OneThatFoundNoRoomSaysWhoWasThere) {
  CountGuard guard(functions(CountScope::thread));
  thread_count = 4;
  const GuardScope first = guard.enter(4);
  std::thread([&] {
    const GuardScope second = guard.enter(4, 4);
    EXPECT_EQ(get_thread(), 1);
    EXPECT_FALSE(second.several);
    EXPECT_EQ(second.others, 1);
    guard.leave(second);
  }).join();
  guard.leave(first);
  EXPECT_EQ(guard.enter(1).others, 0);
}

TEST(CountGuardThread, NeverAreMoreRunningThanThereIsRoomFor) {
  CountGuard guard(functions(CountScope::thread));
  thread_count = 4;
  const auto seen_by_another = [&guard](int wanted, int most) {
    int seen = 0;
    std::thread([&] {
      const GuardScope scope = guard.enter(wanted, most);
      seen = get_thread();
      guard.leave(scope);
    }).join();
    return seen;
  };
  const GuardScope first = guard.enter(2, 4);
  EXPECT_EQ(seen_by_another(2, 4), 2);
  EXPECT_EQ(seen_by_another(2, 3), 1);
  std::thread([&] {
    const GuardScope second = guard.enter(2, 4);
    EXPECT_EQ(seen_by_another(2, 4), 1);
    guard.leave(second);
  }).join();
  guard.leave(first);
  EXPECT_EQ(seen_by_another(2, 2), 2);
}

TEST(CountGuardThread, ThreadsThatOverlapAgreeOrUseOne) {
  CountGuard guard(functions(CountScope::thread));
  thread_count = 4;
  const GuardScope first = guard.enter(3);
  const auto seen_by_another = [&](int wanted) {
    int seen = 0;
    std::thread([&] {
      const GuardScope scope = guard.enter(wanted);
      seen = get_thread();
      guard.leave(scope);
      EXPECT_EQ(get_thread(), 4);
    }).join();
    return seen;
  };
  EXPECT_EQ(seen_by_another(4), 3);
  EXPECT_EQ(seen_by_another(3), 3);
  EXPECT_EQ(seen_by_another(2), 1);
  EXPECT_EQ(seen_by_another(1), 1);
  EXPECT_EQ(seen_by_another(0), 3);
  guard.leave(first);
  EXPECT_EQ(seen_by_another(2), 2);
}

// What functions() gives, where the library's variable is known too.
int variable = 4;
CountFunctions functions_with_variable() {
  CountFunctions known;
  known.scope = CountScope::process;
  known.get = [] { return __atomic_load_n(&variable, __ATOMIC_SEQ_CST); };
  known.set = [](int) { ADD_FAILURE() << "would overwrite what another thread sets"; };
  known.count = &variable;
  variable = 4;
  return known;
}

TEST(CountGuardVariable, IsReplacedOnlyWhereItIsStillWhatWasRead) {
  CountGuard guard(functions_with_variable());
  const GuardScope scope = guard.enter(2);
  EXPECT_EQ(variable, 2);
  EXPECT_EQ(guard.user_count(), 4);
  guard.leave(scope);
  EXPECT_EQ(variable, 4);
  EXPECT_TRUE(guard.applies());
}

TEST(CountGuardVariable, WhatTheProgramSetsMeanwhileIsNeverLost) {
  CountGuard guard(functions_with_variable());
  for (int round = 0; round < 200; ++round) {
    std::thread multiplier([&] {
      for (int i = 0; i < 200; ++i) guard.leave(guard.enter(1));
    });
    for (int i = 0; i < 20; ++i) __atomic_store_n(&variable, 2 + (round + i) % 3, __ATOMIC_SEQ_CST);
    multiplier.join();
    ASSERT_EQ(variable, 2 + (round + 19) % 3) << round;
  }
  EXPECT_TRUE(guard.applies());
}

TEST(CountGuardExclusive, WaitingForAForkCostsLittle) {
  process_count = 4;
  CountGuard guard(functions(CountScope::process_exclusive));
  guard.freeze();
  double processor_seconds = 0;
  std::thread waiting([&] {
    guard.leave(guard.enter(2));
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    processor_seconds = static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec);
  });
  const timespec long_fork = {0, 400'000'000};
  ::nanosleep(&long_fork, nullptr);
  guard.thaw();
  waiting.join();
  EXPECT_LT(processor_seconds, 0.2);
  EXPECT_EQ(get_process(), 4);
}

TEST(CountGuardDeaf, ALibraryThatDoesNotFollowIsLeftAlone) {
  static int asked = 0;
  asked = 0;
  CountFunctions deaf;
  deaf.scope = CountScope::process;
  deaf.get = [] { return 4; };
  deaf.set = [](int) { ++asked; };
  CountGuard guard(deaf);
  EXPECT_TRUE(guard.applies());
  guard.leave(guard.enter(2));
  EXPECT_FALSE(guard.applies());
  const int before = asked;
  guard.leave(guard.enter(2));
  EXPECT_EQ(asked, before);
}

TEST(CountGuardFixed, NothingIsSet) {
  CountFunctions fixed;
  fixed.get = [] { return 1; };
  CountGuard guard(fixed);
  EXPECT_FALSE(guard.applies());
  EXPECT_EQ(guard.user_count(), 1);
  guard.leave(guard.enter(1));
}

}  // namespace
}  // namespace blastune
