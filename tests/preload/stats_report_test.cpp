// SPDX-License-Identifier: BSD-3-Clause
#include "preload/stats_report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "blastune/blastune.h"

namespace blastune {
namespace {

using Json = nlohmann::json;

template <class Fill>
std::string text(Fill fill, std::size_t room = 10000) {
  std::vector<char> storage(room);
  TextBuffer out(storage);
  fill(out);
  EXPECT_FALSE(out.has_overflowed());
  return std::string(out.text());
}

TEST(TextBuffer, NumbersAreWhatTheyWere) {
  EXPECT_EQ(text([](TextBuffer& out) { out.add(std::uint64_t{0}); }), "0");
  EXPECT_EQ(text([](TextBuffer& out) { out.add(std::numeric_limits<std::uint64_t>::max()); }),
            "18446744073709551615");
  EXPECT_EQ(text([](TextBuffer& out) { out.add_signed(std::numeric_limits<std::int64_t>::min()); }),
            "-9223372036854775808");
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-12, 6);
  for (int i = 0; i < 1000; ++i) {
    const double seconds = std::pow(10.0, exponent(random)) * (i % 2 == 0 ? 1 : -1);
    const std::string said = text([&](TextBuffer& out) { out.add_seconds(seconds); });
    EXPECT_NEAR(Json::parse(said).get<double>(), seconds, 0.51e-12 + std::abs(seconds) * 1e-15) << said;
  }
  EXPECT_EQ(text([](TextBuffer& out) { out.add_seconds(0.25); }), "0.25");
  EXPECT_EQ(text([](TextBuffer& out) { out.add_seconds(-1e-15); }), "0");
  for (const double odd : {std::numeric_limits<double>::infinity(), std::nan(""), 1e300, -1e300})
    EXPECT_TRUE(Json::accept(text([&](TextBuffer& out) { out.add_seconds(odd); })));
}

TEST(TextBuffer, DurationsHaveThreeDigits) {
  const auto said = [](double seconds) { return text([&](TextBuffer& out) { out.add_duration(seconds); }); };
  EXPECT_EQ(said(0), "0 s");
  EXPECT_EQ(said(1.234), "1.23 s");
  EXPECT_EQ(said(1.005e-3), "1.01 ms");
  EXPECT_EQ(said(12.34e-6), "12.3 us");
  EXPECT_EQ(said(123.4e-9), "123 ns");
  EXPECT_EQ(said(-0.02), "-20.0 ms");
  EXPECT_EQ(said(0.99994e-3), "1.00 ms");
  EXPECT_EQ(said(9.999), "10.0 s");
  EXPECT_EQ(said(99.99), "100 s");
  EXPECT_EQ(said(12345), "12345 s");
}

TEST(TextBuffer, TextIsJsonWhateverIsInIt) {
  for (const std::string& odd : {std::string("plain"), std::string("a \"b\" \\ c"), std::string("\n\t\x01"),
                                 std::string("/home/j\xc3\xbcrg"), std::string("\xff\xc3")}) {
    const std::string said = text([&](TextBuffer& out) { out.add_json_text(odd); });
    ASSERT_TRUE(Json::accept(said)) << said;
    if (odd[0] != '\xff') {
      EXPECT_EQ(Json::parse(said).get<std::string>(), odd);
    }
  }
  EXPECT_EQ(text([](TextBuffer& out) { out.add_json_text("\xff\xc3"); }), "\"??\"");
  EXPECT_EQ(text([](TextBuffer& out) { out.add_printable("a\x1b[1m\xc3\xbc"); }), "a?[1m??");
}

TEST(TextBuffer, ColumnsAreCountedFromTheLine) {
  EXPECT_EQ(text([](TextBuffer& out) { out.add("long line\nab").pad_to(4).add("c").pad_to(2).add("d"); }),
            "long line\nab  cd");
}

TEST(TextBuffer, WhatDoesNotFitIsNotAdded) {
  std::vector<char> storage(5);
  TextBuffer out(storage);
  out.add("four").add("two").add("1").pad_to(100);
  EXPECT_TRUE(out.has_overflowed());
  EXPECT_EQ(out.text(), "four1");
}

constexpr std::uint64_t some_advice = 1'000'000;
constexpr ToldProcess process = {4711, 1, "/usr/bin/program"};

CallCase gemm_case(std::int64_t m, std::uint64_t stamp = some_advice) {
  CallCase gemm;
  gemm.routine = RoutineName("dgemm_");
  gemm.kind = CallKind::gemm;
  gemm.trans_b = BLASTUNE_TRANS;
  gemm.m = m;
  gemm.n = 500;
  gemm.k = 784;
  gemm.stamp = stamp;
  return gemm;
}

CaseFacts facts_of(int advised, double expected = 1e-3, double by_default = 3e-3) {
  CaseFacts facts;
  facts.advised = advised;
  facts.limit = 4;
  facts.basis = BLASTUNE_BASIS_MEASURED;
  facts.expected_seconds = expected;
  facts.default_seconds = by_default;
  return facts;
}

Json json_of(const CallAccount& account) {
  const std::string said =
      text([&](TextBuffer& out) { write_json(out, account, process); }, room_for_report(account.size()));
  EXPECT_TRUE(Json::accept(said)) << said;
  EXPECT_EQ(said.find('\n'), said.size() - 1);
  return Json::parse(said);
}
std::string table_of(const CallAccount& account) {
  return text([&](TextBuffer& out) { write_table(out, account, process); }, room_for_report(account.size()));
}

TEST(Stats, ACallWithAdviceSavesWhatTheTableExpects) {
  const auto account = std::make_unique<CallAccount>();
  CaseRow& row = account->add(gemm_case(100), facts_of(2));
  for (int i = 0; i < 10; ++i) row.note(2, 1'500'000);
  // With another count than the advised one, as beside other load: nothing is known of what that saved.
  for (int i = 0; i < 3; ++i) row.note(1, 1'000'000);
  const RowSummary summary = summarise(row);
  EXPECT_EQ(summary.calls, 13U);
  EXPECT_EQ(summary.advised, 13U);
  EXPECT_EQ(summary.left_alone, 0U);
  EXPECT_NEAR(summary.saved_seconds, 10 * 2e-3, 1e-12);
  EXPECT_NEAR(summary.seconds, 0.018, 1e-12);

  const Json told = json_of(*account);
  EXPECT_EQ(told["schema"], 1);
  EXPECT_EQ(told["process"], 4711);
  EXPECT_EQ(told["parent"], 1);
  EXPECT_EQ(told["program"], "/usr/bin/program");
  EXPECT_EQ(told["advised"], 13);
  ASSERT_EQ(told["shapes"].size(), 1U);
  EXPECT_EQ(told["shapes"][0], Json::parse(R"({"routine":"dgemm","dtype":"f64","transpose":"NT","m":100,
      "n":500,"k":784,"calls":13,"threads":{"2":10,"1":3},"advised":2,"limit":4,"basis":"measured",
      "expected_seconds":0.001,"default_seconds":0.003,"saved_seconds":0.02,"seconds":0.018})"));
  const std::string table = table_of(*account);
  EXPECT_NE(table.find("/usr/bin/program (4711): 13 calls in 18.0 ms, 13 with advice; 20.0 ms saved"),
            std::string::npos)
      << table;
  EXPECT_NE(table.find("NT 100x500x784"), std::string::npos) << table;
  EXPECT_NE(table.find("2 (10), 1 (3)"), std::string::npos) << table;
}

struct Reasoned {
  CallCase of;
  CaseFacts facts;
  int threads;
  Why why;
};

// Every reason for which a call is left alone.
std::vector<Reasoned> left_alone_reasons() {
  std::vector<Reasoned> all;
  std::int64_t m = 1;
  CallCase elsewhere;
  elsewhere.routine = RoutineName("cblas_dgemm");
  elsewhere.kind = CallKind::no_openblas;
  elsewhere.stamp = BLASTUNE_NO_OPENBLAS;
  all.push_back({elsewhere, CaseFacts{}, 0, Why::no_openblas});
  elsewhere.stamp = BLASTUNE_DISABLED;
  all.push_back({elsewhere, CaseFacts{}, 0, Why::disabled});
  CallCase refused;
  refused.routine = RoutineName("cblas_dgemm");
  all.push_back({refused, CaseFacts{}, 0, Why::refused});
  CallCase small = refused;
  small.kind = CallKind::small;
  all.push_back({small, CaseFacts{}, 0, Why::one_thread_anyway});
  CaseFacts fixed = facts_of(1);
  fixed.can_be_set = false;
  all.push_back({gemm_case(++m), fixed, 0, Why::count_cannot_be_set});
  all.push_back({gemm_case(++m), facts_of(1), 0, Why::parallel_region});
  CaseFacts single = facts_of(1);
  single.limit = 1;
  all.push_back({gemm_case(++m), single, 0, Why::own_count_is_one});
  return all;
}

// Every reason for which a call has limits only.
std::vector<Reasoned> limits_only_reasons() {
  std::vector<Reasoned> all;
  std::int64_t m = 100;
  const auto with_stamp = [&](int stamp, Why why) {
    all.push_back({gemm_case(++m, static_cast<std::uint64_t>(stamp)), CaseFacts{}, 2, why});
  };
  with_stamp(BLASTUNE_NO_TABLE, Why::no_table);
  with_stamp(BLASTUNE_BAD_TABLE, Why::bad_table);
  with_stamp(BLASTUNE_FOREIGN_MACHINE, Why::foreign_machine);
  with_stamp(BLASTUNE_FOREIGN_BUILD, Why::foreign_build);
  with_stamp(BLASTUNE_FAILED, Why::failed);
  all.push_back({gemm_case(++m), facts_of(0), 4, Why::not_in_table});
  CallCase limited;
  limited.routine = RoutineName("dgemv_");
  limited.kind = CallKind::limited;
  limited.stamp = some_advice;
  all.push_back({limited, CaseFacts{}, 2, Why::no_advice_for_routine});
  return all;
}

TEST(Stats, EveryCallWithoutAdviceHasItsReason) {
  EXPECT_EQ(left_alone_reasons().size() + limits_only_reasons().size(), why_count);
  for (const bool is_left_alone : {true, false}) {
    const auto account = std::make_unique<CallAccount>();
    const std::vector<Reasoned> all = is_left_alone ? left_alone_reasons() : limits_only_reasons();
    for (std::size_t i = 0; i < all.size(); ++i) {
      CaseRow& row = account->add(all[i].of, all[i].facts);
      for (std::size_t times = 0; times <= i; ++times) row.note(all[i].threads, 10);
      const RowSummary summary = summarise(row);
      EXPECT_EQ(is_left_alone ? summary.why : summary.no_advice, all[i].why) << i;
      EXPECT_EQ(summary.left_alone, is_left_alone ? i + 1 : 0) << key_of(all[i].why);
      EXPECT_EQ(summary.limits_only, is_left_alone ? 0 : i + 1) << key_of(all[i].why);
      EXPECT_EQ(summary.saved_seconds, 0) << key_of(all[i].why);
    }
    const Json told = json_of(*account);
    EXPECT_EQ(told["advised"], 0);
    EXPECT_EQ(told["saved_seconds"], 0);
    const Json& reasons = told[is_left_alone ? "left_alone" : "limits_only"];
    EXPECT_EQ(reasons.size(), all.size());
    EXPECT_EQ(told[is_left_alone ? "limits_only" : "left_alone"].size(), 0U);
    const std::string table = table_of(*account);
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(reasons[std::string(key_of(all[i].why))], i + 1);
      EXPECT_NE(table.find(std::string(is_left_alone ? " left alone: " : " with limits only: ") +
                           std::string(explain(all[i].why))),
                std::string::npos)
          << table;
    }
  }
}

TEST(Stats, ALevel3RoutineOfASmallGemmHasAdvice) {
  const auto account = std::make_unique<CallAccount>();
  CallCase symm = gemm_case(16);
  symm.kind = CallKind::level3;
  CaseRow& row = account->add(symm, facts_of(1, 0, 0));
  row.note(1, 1);
  EXPECT_EQ(summarise(row).advised, 1U);
  EXPECT_EQ(summarise(row).saved_seconds, 0);
}

TEST(Stats, ACallWithoutAdviceHasItsLimits) {
  const auto account = std::make_unique<CallAccount>();
  CallCase gemv;
  gemv.routine = RoutineName("dgemv_");
  gemv.kind = CallKind::limited;
  gemv.stamp = some_advice;
  CaseRow& row = account->add(gemv, {});
  row.note(1, 1);
  row.note(0, 1);
  EXPECT_EQ(summarise(row).limits_only, 1U);
  EXPECT_EQ(summarise(row).left_alone, 1U);
  EXPECT_EQ(json_of(*account)["limits_only"], Json({{"no_advice_for_routine", 1}}));
  EXPECT_NE(table_of(*account).find("1 with limits only"), std::string::npos);
}

// Whatever is counted: all calls are told, each once, and sums are those of their parts.
TEST(Stats, EveryCallIsToldOnce) {
  std::mt19937_64 random(3);
  std::vector<Reasoned> reasons = left_alone_reasons();
  for (const Reasoned& reason : limits_only_reasons()) reasons.push_back(reason);
  for (int round = 0; round < 10; ++round) {
    const auto account = std::make_unique<CallAccount>();
    std::uint64_t calls = 0;
    const std::uint64_t kinds = round % 2 == 0 ? 60 : 6000;
    for (int i = 0; i < 8000; ++i, ++calls) {
      const std::uint64_t pick = random() % kinds;
      CallCase of = gemm_case(static_cast<std::int64_t>(1000 + pick));
      CaseFacts facts = facts_of(static_cast<int>(pick % 3), 1e-3 * static_cast<double>(1 + pick % 5));
      if (pick < reasons.size()) {
        of = reasons[pick].of;
        facts = reasons[pick].facts;
      }
      CaseRow* row = account->find(of);
      (row != nullptr ? *row : account->add(of, facts)).note(static_cast<int>(random() % 20), random() % 999);
    }
    const Json told = json_of(*account);
    EXPECT_EQ(told["calls"], calls);
    std::uint64_t of_shapes = told["further_shapes"]["calls"].get<std::uint64_t>();
    std::uint64_t by_outcome = of_shapes + told["advised"].get<std::uint64_t>();
    for (const auto& [why, times] : told["limits_only"].items()) by_outcome += times.get<std::uint64_t>();
    for (const auto& reason : told["left_alone"]) by_outcome += reason.get<std::uint64_t>();
    EXPECT_EQ(by_outcome, calls);
    double seconds = told["further_shapes"]["seconds"].get<double>();
    double saved = 0;
    for (const Json& shape : told["shapes"]) {
      of_shapes += shape["calls"].get<std::uint64_t>();
      seconds += shape["seconds"].get<double>();
      if (!shape.contains("saved_seconds")) continue;
      saved += shape["saved_seconds"].get<double>();
      if (shape.contains("left_alone") && shape["left_alone"] == shape["calls"]) continue;
      const std::string advised = std::to_string(shape["advised"].get<int>());
      const double as_advised = shape["threads"].value(advised, 0.0);
      EXPECT_NEAR(
          shape["saved_seconds"].get<double>(),
          as_advised * (shape["default_seconds"].get<double>() - shape["expected_seconds"].get<double>()),
          1e-9);
    }
    EXPECT_EQ(of_shapes, calls);
    EXPECT_NEAR(told["seconds"].get<double>(), seconds, 1e-9);
    EXPECT_NEAR(told["saved_seconds"].get<double>(), saved, 1e-6);
    EXPECT_FALSE(table_of(*account).empty());
  }
}

TEST(Stats, TheTableShowsWhatTookLongest) {
  const auto account = std::make_unique<CallAccount>();
  for (int i = 1; i <= 30; ++i)
    account->add(gemm_case(i), facts_of(1)).note(1, static_cast<std::uint64_t>(i * 7 % 31) * 1'000'000);
  const std::string table = table_of(*account);
  // 30 ms, 29 ms, ... 19 ms of 1 to 30.
  std::size_t at = 0;
  for (int milliseconds = 30; milliseconds > 30 - static_cast<int>(most_lines); --milliseconds) {
    const std::size_t found = table.find(" " + std::to_string(milliseconds) + ".0 ms", at);
    ASSERT_NE(found, std::string::npos) << milliseconds << '\n' << table;
    at = found;
  }
  EXPECT_EQ(table.find(" 18.0 ms"), std::string::npos) << table;
  EXPECT_NE(table.find("and 18 calls of 18 more kinds"), std::string::npos) << table;
}

TEST(Stats, OfNothingThereIsLittleToTell) {
  const auto account = std::make_unique<CallAccount>();
  EXPECT_EQ(table_of(*account), "blastune: /usr/bin/program (4711): no call to OpenBLAS was seen\n");
  const Json told = json_of(*account);
  EXPECT_EQ(told["calls"], 0);
  EXPECT_TRUE(told["shapes"].is_array() && told["shapes"].empty());
}

// The largest there can be.
TEST(Stats, AReportHasRoomEnough) {
  const auto account = std::make_unique<CallAccount>();
  constexpr std::int64_t large = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i < CallAccount::capacity + 10; ++i) {
    CallCase of = gemm_case(large - static_cast<std::int64_t>(i));
    of.routine = RoutineName("zgemm3mx_");
    of.n = of.k = std::numeric_limits<std::int64_t>::max();
    CaseFacts facts = facts_of(65535, 8999999.123456789, 8999999.987654321);
    facts.basis = BLASTUNE_BASIS_INTERPOLATED;
    CaseRow& row = account->add(of, facts);
    for (int threads = 65535; threads > 65535 - 20; --threads) row.note(threads, std::uint64_t{1} << 49U);
    row.note(0, 1);
  }
  const std::string path(4096, '\x01');
  const ToldProcess long_name = {std::numeric_limits<std::int64_t>::max(), 1, path};
  for (const auto write : {&write_json, &write_table}) {
    std::vector<char> storage(room_for_report(account->size()));
    TextBuffer out(storage);
    write(out, *account, long_name);
    EXPECT_FALSE(out.has_overflowed());
  }
}

}  // namespace
}  // namespace blastune
