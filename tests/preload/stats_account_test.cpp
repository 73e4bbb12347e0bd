// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_account.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace blastune {
namespace {

TEST(RoutineName, IsTheSameWhateverABuildPutsAroundIt) {
  for (const char* prefix : {"", "scipy_"}) {
    for (const char* cblas :
         {"cblas_dgemm", "cblas_dgemm64_", "cblas_dgemm_64", "dgemm_", "dgemm_64_", "dgemm__64"}) {
      const RoutineName name(std::string(prefix) + cblas);
      EXPECT_STREQ(name.text().data(), "dgemm") << prefix << cblas;
      EXPECT_EQ(name, RoutineName("dgemm_"));
    }
  }
  EXPECT_STREQ(RoutineName("cblas_zgemm3m64_").text().data(), "zgemm3m");
  EXPECT_STREQ(RoutineName("scipy_cher2k__64").text().data(), "cher2k");
  EXPECT_NE(RoutineName("dgemm_"), RoutineName("sgemm_"));
  EXPECT_EQ(RoutineName("a_name_of_many_letters").number(), RoutineName("a").number());
  EXPECT_STREQ(RoutineName("manymoreletters").text().data(), "manymore");
}

TEST(RoutineName, ItsFirstLetterIsTheType) {
  const std::map<std::string, std::string> types = {
      {"sgemm_", "f32"}, {"dsyrk_", "f64"}, {"cherk_", "c64"}, {"zgemm3m_", "c128"}, {"xgemm_", ""}};
  for (const auto& [symbol, type] : types) EXPECT_EQ(RoutineName(symbol).dtype(), type);
}

CallCase some_case(std::int64_t number) {
  CallCase some;
  some.routine = RoutineName(number % 2 == 0 ? "dgemm_" : "sgemm_");
  some.kind = CallKind::gemm;
  some.stamp = 1000 + static_cast<std::uint64_t>(number % 3);
  some.m = 1 + number % 7;
  some.n = 1 + number % 11;
  some.k = 1 + number;
  return some;
}

CaseRow& row_of(CallAccount& account, const CallCase& wanted, int advised = 1) {
  CaseRow* row = account.find(wanted);
  CaseFacts facts;
  facts.advised = advised;
  return row != nullptr ? *row : account.add(wanted, facts);
}

std::uint64_t calls_of(const CaseRow& row) {
  std::uint64_t calls = row.calls_without_count() + row.calls_with_more_counts();
  for (std::size_t i = 0; i < CaseRow::most_counts; ++i) calls += row.count(i).calls;
  return calls;
}

// Too large for a stack.
std::unique_ptr<CallAccount> new_account() {
  return std::make_unique<CallAccount>();
}

TEST(CallAccount, EveryPartOfACaseTellsItFromOthers) {
  const auto account = new_account();
  const CallCase one = some_case(9);  // m and n differ
  std::vector<CallCase> all(10, one);
  all[1].routine = RoutineName("dsymm_");
  all[2].kind = CallKind::level3;
  all[3].trans_a = 1;
  all[4].trans_b = 1;
  all[5].m += 1;
  all[6].n += 1;
  all[7].k += 1;
  all[8].stamp += 1;
  std::swap(all[9].m, all[9].n);
  std::set<const CaseRow*> rows;
  for (const CallCase& each : all) {
    EXPECT_EQ(account->find(each), nullptr);
    rows.insert(&row_of(*account, each));
  }
  EXPECT_EQ(rows.size(), all.size());
  for (const CallCase& each : all) EXPECT_EQ(account->find(each)->of(), each);
}

// Against the plainest way of counting.
TEST(CallAccount, CountsWhatWasDone) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    const auto account = new_account();
    std::map<std::int64_t, std::map<int, std::uint64_t>> calls;
    std::map<std::int64_t, std::uint64_t> nanoseconds;
    for (int i = 0; i < 3000; ++i) {
      const auto number = static_cast<std::int64_t>(random() % 200);
      const int threads = static_cast<int>(random() % CaseRow::most_counts);
      const std::uint64_t time = random() % 1000;
      row_of(*account, some_case(number)).note(threads, time);
      ++calls[number][threads];
      nanoseconds[number] += time;
    }
    EXPECT_EQ(account->size(), calls.size());
    for (const auto& [number, counts] : calls) {
      const CaseRow* row = account->find(some_case(number));
      ASSERT_NE(row, nullptr);
      EXPECT_TRUE(row->is_used());
      EXPECT_EQ(row->nanoseconds(), nanoseconds[number]);
      std::map<int, std::uint64_t> told;
      if (row->calls_without_count() > 0) told[0] = row->calls_without_count();
      for (std::size_t i = 0; i < CaseRow::most_counts; ++i) {
        if (row->count(i).calls > 0) told[row->count(i).threads] += row->count(i).calls;
      }
      EXPECT_EQ(told, counts);
    }
    EXPECT_EQ(calls_of(account->others()), 0U);
  }
}

TEST(CallAccount, TheAdvisedCountHasAPlaceWhateverComesFirst) {
  const auto account = new_account();
  CaseRow& row = row_of(*account, some_case(1), 77);
  for (int threads = 1; threads <= 20; ++threads) row.note(threads, 1);
  row.note(77, 1);
  EXPECT_EQ(row.count(0).threads, 77);
  EXPECT_EQ(row.count(0).calls, 1U);
  EXPECT_EQ(row.calls_with_more_counts(), 20 - (CaseRow::most_counts - 1));
  EXPECT_EQ(calls_of(row), 21U);
  row.note(65535, 1);
  EXPECT_EQ(calls_of(row), 22U);
}

TEST(CallAccount, WhatFindsNoRoomIsCountedTogether) {
  const auto account = new_account();
  const std::int64_t all = CallAccount::capacity + 100;
  for (std::int64_t i = 0; i < all; ++i) {
    EXPECT_EQ(account->has_room(), i < static_cast<std::int64_t>(CallAccount::capacity));
    row_of(*account, some_case(i)).note(1, 1);
  }
  // Those that have one keep it.
  row_of(*account, some_case(0)).note(1, 1);
  EXPECT_EQ(account->size(), CallAccount::capacity);
  EXPECT_EQ(calls_of(*account->find(some_case(0))), 2U);
  EXPECT_EQ(account->find(some_case(all - 1)), nullptr);
  EXPECT_EQ(calls_of(account->others()), 100U);
}

TEST(CallAccount, IsAsNewWhenCleared) {
  const auto account = new_account();
  for (std::int64_t i = 0; i < 5000; ++i) row_of(*account, some_case(i)).note(static_cast<int>(i % 12), 5);
  account->clear();
  EXPECT_EQ(account->size(), 0U);
  EXPECT_TRUE(account->has_room());
  EXPECT_EQ(calls_of(account->others()), 0U);
  EXPECT_EQ(account->others().nanoseconds(), 0U);
  for (std::int64_t i = 0; i < 5000; i += 7) EXPECT_EQ(account->find(some_case(i)), nullptr);
  CaseRow& row = row_of(*account, some_case(1), 3);
  EXPECT_EQ(calls_of(row), 0U);
  EXPECT_EQ(row.nanoseconds(), 0U);
  row.note(3, 2);
  EXPECT_EQ(calls_of(row), 1U);
}

TEST(CallAccount, ThreadsLoseNothingAndShareTheirRows) {
  const auto account = new_account();
  constexpr int threads = 4;
  constexpr std::int64_t cases = 300;
  constexpr int rounds = 50;
  std::vector<std::thread> all;
  for (int thread = 0; thread < threads; ++thread) {
    all.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        for (std::int64_t i = 0; i < cases; ++i) row_of(*account, some_case(i)).note(1 + round % 3, 1);
      }
    });
  }
  for (std::thread& thread : all) thread.join();
  std::size_t used = 0;
  for (std::size_t i = 0; i < account->size(); ++i) used += (*account)[i].is_used() ? 1U : 0U;
  EXPECT_EQ(used, static_cast<std::size_t>(cases));
  for (std::int64_t i = 0; i < cases; ++i)
    EXPECT_EQ(calls_of(*account->find(some_case(i))), static_cast<std::uint64_t>(threads * rounds));
}

}  // namespace
}  // namespace blastune
