// SPDX-License-Identifier: BSD-3-Clause
//
// A program's own calls say another count than the table. Nothing is multiplied: how long a scope takes is up
// to the case, by factors that no load of the tester's machine hides.
#include <atomic>
#include <chrono>
#include <cmath>
#include <string>
#include <thread>

#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;
using Clock = std::chrono::steady_clock;

class ClientFeedback : public ClientCaseWithBuild {
 protected:
  // What else the tester's machine does must not decide.
  ClientFeedback() {
    ::setenv("BLASTUNE_LOAD", "0", 1);
    ::setenv("BLASTUNE_FEEDBACK", "1", 1);
  }
  ~ClientFeedback() override { ::unsetenv("BLASTUNE_FEEDBACK"); }
};
INSTANTIATE_TEST_SUITE_P(Debian, ClientFeedback, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

// One whose two counts are near each other.
Table near_table(const Build& build, int better = 2) {
  Table table = make_table(build, better);
  for (Curve& curve : table.curves) {
    curve.at(better).seconds = Moments::from_summary(1000, 100e-6, 1e-7);
    curve.at(3 - better).seconds = Moments::from_summary(1000, 120e-6, 1e-7);
    // The counts above are of no matter here.
    curve.points.resize(2);
    curve.gains =
        Moments::from_summary(10, better == 2 ? std::log(100.0 / 120) : std::log(120.0 / 100), 1e-3);
  }
  return table;
}

// Enters a scope that takes so long with one thread or with two, and says which count it had.
int scope_of(const LoadedBlas& blas, std::chrono::microseconds with_one, std::chrono::microseconds with_two) {
  const blastune_scope scope = enter(gemm);
  const int count = blas.count();
  const auto end = Clock::now() + (count == 1 ? with_one : with_two);
  while (Clock::now() < end) continue;
  blastune_leave(scope);
  return count;
}

// How many of so many scopes had another count than the first one. In the cases that expect none, one thread
// is what the table says, so that no load of the tester's machine changes the count either.
int changes_in(const LoadedBlas& blas, int scopes, std::chrono::microseconds with_one,
               std::chrono::microseconds with_two) {
  const int first = scope_of(blas, with_one, with_two);
  int changed = 0;
  for (int i = 1; i < scopes; ++i) changed += scope_of(blas, with_one, with_two) != first ? 1 : 0;
  return changed;
}

// Whether forty scopes in a row come to have that count.
bool settles_at(int count, const LoadedBlas& blas, std::chrono::microseconds with_one,
                std::chrono::microseconds with_two) {
  const auto end = Clock::now() + std::chrono::seconds(60);
  for (int in_a_row = 0; in_a_row < 40;) {
    if (Clock::now() > end) return false;
    in_a_row = scope_of(blas, with_one, with_two) == count ? in_a_row + 1 : 0;
  }
  return true;
}

constexpr std::chrono::microseconds fast{20};
constexpr std::chrono::microseconds middle{100};
constexpr std::chrono::microseconds slow{200};

TEST_P(ClientFeedback, TheFasterCountIsFoundAndLeftAgain) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({near_table(blas.build())}, table_);
    blas.set_count(2);
    if (recommend(gemm) != 2) return;  // one processor
    EXPECT_TRUE(settles_at(1, blas, fast, slow));
    EXPECT_TRUE(settles_at(2, blas, slow, fast));
    EXPECT_EQ(blas.count(), 2);
  });
}

// Nothing else looks at the time in such a program.
TEST_P(ClientFeedback, TheFasterCountIsFoundWhereTheTableKnowsOneThreadOnly) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({near_table(blas.build(), 1)}, table_);
    blas.set_count(2);
    ASSERT_EQ(recommend(gemm), 1);
    if (status().limit < 2) return;  // one processor
    EXPECT_TRUE(settles_at(2, blas, slow, fast));
    EXPECT_TRUE(settles_at(1, blas, fast, slow));
  });
}

TEST_P(ClientFeedback, ATableThatChangesWithinAProbeAllowsNoMoreThanBefore) {
  ::setenv("BLASTUNE_MAX_THREADS", "2", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    Table table = near_table(blas.build());
    save({table}, table_);
    blas.set_count(3);
    if (recommend(gemm) != 2) return;  // one processor
    for (int i = 0; i < 60; ++i) {
      for (int k = 0; k < 55; ++k) ASSERT_LE(scope_of(blas, slow, fast), 2);
      table.measured_unix += 1;
      save({table}, table_);
      ASSERT_GE(blastune_reload(), 0);
      for (int k = 0; k < 3; ++k) ASSERT_LE(scope_of(blas, slow, fast), 2);
    }
  });
  ::unsetenv("BLASTUNE_MAX_THREADS");
}

TEST_P(ClientFeedback, NothingIsLearntInAScopeWithinAnother) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({near_table(blas.build(), 1)}, table_);
    blas.set_count(2);
    const blastune_scope outer = enter(gemm);
    EXPECT_EQ(changes_in(blas, 3000, middle, fast), 0);
    blastune_leave(outer);
  });
}

TEST_P(ClientFeedback, NeverExceedsTheProgramsOwnCount) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({near_table(blas.build())}, table_);
    blas.set_count(1);
    for (int i = 0; i < 2000; ++i) ASSERT_EQ(scope_of(blas, slow, fast), 1);
    EXPECT_EQ(blas.count(), 1);
  });
}

TEST_P(ClientFeedback, WhatIsHopelessIsNotTried) {
  alone([&] {
    const LoadedBlas blas(library_);
    Table table = near_table(blas.build(), 1);
    for (Curve& curve : table.curves) curve.at(2).seconds = Moments::from_summary(1000, 300e-6, 1e-7);
    save({table}, table_);
    blas.set_count(2);
    ASSERT_EQ(recommend(gemm), 1);
    EXPECT_EQ(changes_in(blas, 3000, middle, 3 * middle), 0);
  });
}

TEST_P(ClientFeedback, NothingIsLearntWhereTheTableAloneDecides) {
  for (const char* variable : {"BLASTUNE_LOAD=0", "BLASTUNE_LOAD=look", "BLASTUNE_FEEDBACK=0"}) {
    for (const char* name : {"BLASTUNE_FEEDBACK", "BLASTUNE_LOAD"}) ::unsetenv(name);
    const std::string text(variable);
    ::setenv(text.substr(0, text.find('=')).c_str(), text.substr(text.find('=') + 1).c_str(), 1);
    alone([&] {
      const LoadedBlas blas(library_);
      save({near_table(blas.build(), 1)}, table_);
      blas.set_count(2);
      EXPECT_EQ(changes_in(blas, 3000, middle, fast), 0);
    });
  }
}

TEST_P(ClientFeedback, NothingIsLearntBesideAnotherScopeOfTheProcess) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({near_table(blas.build(), 1)}, table_);
    blas.set_count(2);
    std::atomic<bool> has_entered = false;
    std::atomic<bool> may_leave = false;
    std::jthread other([&] {
      blas.set_count(2);
      const blastune_scope scope = enter(gemm);
      has_entered = true;
      while (!may_leave) std::this_thread::yield();
      blastune_leave(scope);
    });
    while (!has_entered) std::this_thread::yield();
    EXPECT_EQ(changes_in(blas, 3000, middle, fast), 0);
    may_leave = true;
  });
}

}  // namespace
}  // namespace blastune
