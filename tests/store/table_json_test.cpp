// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "store/table_envelope.h"
#include "tests/store/sample_tables.h"

namespace blastune {
namespace {

std::string written() {
  return write_tables(sample_tables()).value();
}

std::string payload_of(const std::string& text) {
  return text.substr(text.find('\n') + 1);
}

// A text whose envelope is right for that payload, so that only the parser can refuse it.
Result<Tables> read_payload(const std::string& payload) {
  return read_tables(table_envelope(payload) + payload, "t");
}

// The sample's payload with one piece replaced.
std::string altered(const std::string& from, const std::string& to) {
  auto payload = payload_of(written());
  const auto at = payload.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return payload.replace(at, from.size(), to);
}

TEST(TableJson, ReadsWhatItWrote) {
  const auto before = sample_tables();
  const auto after = read_tables(written(), "t");
  ASSERT_TRUE(after) << after.error().text();
  ASSERT_EQ(after->size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Table& a = before[i];
    const Table& b = (*after)[i];
    EXPECT_EQ(a.machine, b.machine);
    EXPECT_EQ(a.build, b.build);
    EXPECT_EQ(a.default_threads, b.default_threads);
    EXPECT_EQ(a.measured_unix, b.measured_unix);
    EXPECT_EQ(a.checked_unix, b.checked_unix);
    EXPECT_DOUBLE_EQ(a.spent_seconds, b.spent_seconds);
    EXPECT_DOUBLE_EQ(a.tolerance, b.tolerance);
    EXPECT_EQ(a.occasions, b.occasions);
    ASSERT_EQ(a.curves.size(), b.curves.size());
    for (std::size_t j = 0; j < a.curves.size(); ++j) {
      EXPECT_EQ(a.curves[j].gemm, b.curves[j].gemm);
      EXPECT_EQ(a.curves[j].disturbed, b.curves[j].disturbed);
      EXPECT_EQ(a.curves[j].gains.count(), b.curves[j].gains.count());
      EXPECT_NEAR(a.curves[j].gains.mean(), b.curves[j].gains.mean(), 1e-5);
      EXPECT_NEAR(a.curves[j].gains.standard_deviation(), b.curves[j].gains.standard_deviation(), 1e-6);
      ASSERT_EQ(a.curves[j].points.size(), b.curves[j].points.size());
      for (std::size_t k = 0; k < a.curves[j].points.size(); ++k) {
        const auto& p = a.curves[j].points[k];
        const auto& q = b.curves[j].points[k];
        EXPECT_EQ(p.threads, q.threads);
        EXPECT_EQ(p.seconds.count(), q.seconds.count());
        EXPECT_NEAR(q.seconds.mean() / p.seconds.mean(), 1, 1e-4);
        EXPECT_NEAR(q.seconds.standard_deviation(), p.seconds.standard_deviation(), 0.5001e-12);
      }
    }
  }
}

TEST(TableJson, WritesTheSameBytesAfterReading) {
  const auto text = written();
  EXPECT_EQ(write_tables(read_tables(text, "t").value()).value(), text);
  EXPECT_EQ(write_tables({}).value(),
            write_tables(read_tables(write_tables({}).value(), "t").value()).value());
}

TEST(TableJson, WritesTheSameBytesForTimesOfEveryMagnitude) {
  Table table = sample_table(Threading::pthread);
  table.curves.clear();
  std::int64_t m = 1;
  for (double seconds = 1e-12; seconds < 3600; seconds *= 1.7, ++m) {
    Curve curve;
    curve.gemm = {DType::f64, Transpose::none, Transpose::none, m, 1, 1};
    for (const double factor : {1.0, 1.013, 0.9}) curve.at(1).seconds.add(seconds * factor);
    table.add(curve);
  }
  const auto text = write_tables({table});
  ASSERT_TRUE(text) << text.error().text();
  EXPECT_EQ(write_tables(read_tables(*text, "t").value()).value(), *text);
}

TEST(TableJson, LeavesOutGemmsWithoutABurst) {
  Table table = sample_table(Threading::pthread);
  const auto count = table.curves.size();
  Curve empty;
  empty.gemm = {DType::f32, Transpose::none, Transpose::none, 1, 1, 1};
  empty.disturbed = 9;
  table.add(empty);
  EXPECT_EQ(read_tables(write_tables({table}).value(), "t")->front().curves.size(), count);
  table.curves = {empty};
  EXPECT_TRUE(read_tables(write_tables({table}).value(), "t")->front().curves.empty());
}

TEST(TableJson, WritesNothingThatCannotBeRead) {
  const auto refused = [](auto change) {
    Table table = sample_table(Threading::pthread);
    change(table);
    const auto text = write_tables({table});
    return !text && text.error().kind == ErrorKind::invalid_data;
  };
  const auto with_time = [](double seconds) {
    return [seconds](Table& t) { t.curves[0].points[0].seconds = Moments::from_summary(1, seconds, 0); };
  };
  EXPECT_FALSE(refused([](Table&) {}));
  EXPECT_TRUE(refused(with_time(std::nan(""))));
  EXPECT_TRUE(refused(with_time(std::numeric_limits<double>::infinity())));
  EXPECT_TRUE(refused(with_time(0)));
  EXPECT_TRUE(refused(with_time(-1)));
  EXPECT_TRUE(refused(with_time(3601)));
  EXPECT_FALSE(refused(with_time(1e-13)));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].points[0].seconds = {}; }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].points[0].threads = 0; }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].points[1].threads = 1; }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].gemm.m = 0; }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].gemm.k = max_dimension + 1; }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].gains = Moments::from_summary(2, std::nan(""), 1); }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].gains = Moments::from_summary(2, 30, 1); }));
  EXPECT_TRUE(refused([](Table& t) { t.curves[0].gains = Moments::from_summary(2, 1, 101); }));
  EXPECT_TRUE(refused([](Table& t) { std::swap(t.curves[0], t.curves[1]); }));
  EXPECT_TRUE(refused([](Table& t) { t.curves.push_back(t.curves.back()); }));
  EXPECT_TRUE(refused([](Table& t) { t.default_threads = 0; }));
  EXPECT_TRUE(refused([](Table& t) { t.spent_seconds = -1; }));
  EXPECT_TRUE(refused([](Table& t) { t.tolerance = 1.01; }));
  EXPECT_TRUE(refused([](Table& t) { t.occasions = 0; }));
  EXPECT_TRUE(refused([](Table& t) { t.measured_unix = -1; }));
  EXPECT_TRUE(refused([](Table& t) { t.checked_unix = -1; }));
  EXPECT_TRUE(refused([](Table& t) { t.build.integer_bits = 16; }));
  EXPECT_TRUE(refused([](Table& t) { t.machine.cpu_model = "\xff"; }));
  EXPECT_TRUE(refused([](Table& t) { t.build.config = std::string(5000, 'x'); }));
  EXPECT_TRUE(refused([](Table& t) { t.build.core_name = std::string(1, '\0'); }));
  // A path is no part of the identity, and may hold any bytes.
  EXPECT_FALSE(refused([](Table& t) { t.build.path = "/tmp/\xff\xfe"; }));
  EXPECT_FALSE(write_tables({sample_table(Threading::pthread), sample_table(Threading::pthread)}));
}

TEST(TableJson, TellsWhatToDoAboutAnotherVersion) {
  for (const auto* other : {"1", "2", "4"}) {
    auto text = written();
    const std::string_view own = "\"version\":3";
    text.replace(text.find(own), own.size(), std::string("\"version\":") + other);
    const auto result = read_tables(text, "/some/table.json");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_data);
    EXPECT_NE(result.error().what.find(std::string("/some/table.json has table format ") + other),
              std::string::npos);
    EXPECT_NE(result.error().remedy.find("blastune tune"), std::string::npos);
  }
}

TEST(TableJson, RefusesEveryTruncation) {
  const auto text = written();
  for (std::size_t size = 0; size < text.size(); ++size) {
    const auto result = read_tables(std::string_view(text).substr(0, size), "t");
    ASSERT_FALSE(result) << size;
    ASSERT_EQ(result.error().kind, ErrorKind::invalid_data) << size;
    ASSERT_FALSE(result.error().remedy.empty()) << size;
  }
}

TEST(TableJson, RefusesEveryFlippedBit) {
  auto text = written();
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      text[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ (1U << bit));
      ASSERT_FALSE(read_tables(text, "t")) << i << " " << bit;
      text[i] = static_cast<char>(static_cast<unsigned char>(text[i]) ^ (1U << bit));
    }
  }
  EXPECT_TRUE(read_tables(text, "t"));
}

TEST(TableJson, RefusesEveryTruncationUnderARightChecksum) {
  const auto payload = payload_of(written());
  for (std::size_t size = 0; size + 1 < payload.size(); ++size) {  // the last byte is a newline
    ASSERT_FALSE(read_payload(payload.substr(0, size))) << size;
  }
}

// What a checksum would not stop: every byte of the payload in turn becomes something else. Either it is
// refused, or it is a whole table that can be written again.
TEST(TableJson, AnyByteUnderARightChecksumGivesAWholeTableOrNone) {
  auto payload = payload_of(write_tables({sample_table(Threading::pthread)}).value());
  int accepted = 0;
  for (char& byte : payload) {
    const char before = byte;
    for (const char other :
         {'0', '9', '-', '.', 'e', '"', ',', ']', '}', '[', '{', ' ', '\\', '\0', '\xff', 'x'}) {
      byte = other;
      const auto result = read_payload(payload);
      if (!result) continue;
      ++accepted;
      ASSERT_TRUE(write_tables(*result)) << payload;
    }
    byte = before;
  }
  EXPECT_GT(accepted, 0);  // digits and letters of texts
}

TEST(TableJson, RefusesWhatFollowsTheTable) {
  EXPECT_TRUE(read_payload(payload_of(written())));
  EXPECT_TRUE(read_payload(payload_of(written()) + " \n"));
  EXPECT_FALSE(read_payload(payload_of(written()) + "x"));
  EXPECT_FALSE(read_payload(payload_of(written()) + "{}"));
  EXPECT_FALSE(read_payload(payload_of(written()) + std::string(1, '\0')));
  EXPECT_FALSE(read_tables(written() + "\n", "t"));
}

TEST(TableJson, RefusesUnknownMissingAndRepeatedKeys) {
  EXPECT_FALSE(read_payload(altered("\"processors\":8", "\"processors\":8,\"extra\":1")));
  EXPECT_FALSE(read_payload(altered("\"processors\":8", "\"processors\":8,\"processors\":8")));
  EXPECT_FALSE(read_payload(altered("\"processors\":8,", "")));
  EXPECT_FALSE(read_payload(altered("\"tables\":[", "\"tables\":[],\"tables\":[")));
  EXPECT_FALSE(read_payload(altered("\"tables\":[", "\"version\":1,\"tables\":[")));
  EXPECT_FALSE(read_payload("\"other\":1}"));
  EXPECT_FALSE(read_payload("}"));
}

TEST(TableJson, RefusesWrongTypesAndNumbersOutOfRange) {
  for (const char* value : {"-1", "0.5", "8.0", "1e1", "1e999", "-1e999", "99999999999999999999999", "65537",
                            "null", "true", "\"8\"", "[8]", "{}", "08", "+8", "NaN", "Infinity", "0x8", ""}) {
    EXPECT_FALSE(read_payload(altered("\"processors\":8", std::string("\"processors\":") + value))) << value;
  }
  for (const char* value : {"[0,3]", "[0,3,21,1]", "[0,3,-1]", "[0,3,1000001]", "[0,3,\"21\"]", "\"0.3.21\"",
                            "[0,3,21,]", "[[0],3,21]", "[0,03,21]", "[]", "[0,3,99999999999999999999]"}) {
    EXPECT_FALSE(read_payload(altered("[0,3,21]", value))) << value;
  }
  EXPECT_TRUE(read_payload(altered("[0,3,21]", "[ 0 ,\t3,\n21 ]")));
  EXPECT_FALSE(read_payload(altered("\"pthread\"", "\"Pthread\"")));
  EXPECT_FALSE(read_payload(altered("\"NN\"", "\"nn\"")));
  EXPECT_FALSE(read_payload(altered("\"NN\"", "\"N\"")));
  EXPECT_FALSE(read_payload(altered("\"f32\"", "\"f16\"")));
  EXPECT_FALSE(read_payload(altered("\"integer_bits\":64", "\"integer_bits\":63")));
  EXPECT_FALSE(read_payload(altered("\"0123456789abcdef\"", "\"\\u0000\"")));
  EXPECT_FALSE(read_payload(altered("\"0123456789abcdef\"", "\"\\ud800\"")));
  EXPECT_FALSE(read_payload(altered("\"0123456789abcdef\"", "\"\xc3\x28\"")));
  EXPECT_FALSE(read_payload(altered("\"0123456789abcdef\"", "\"" + std::string(5000, 'x') + "\"")));
}

TEST(TableJson, JudgesRows) {
  const auto row = [](const std::string& numbers) {
    return read_payload(altered("\"curves\":[\n", "\"curves\":[\n[" + numbers + "],\n"));
  };
  EXPECT_TRUE(row("1,1,1,0,0,0,0,1,1000,5,3"));
  EXPECT_TRUE(row("1,1,1,0,0,0,0,4096,1,0,1"));
  EXPECT_TRUE(row("1,1,1,0,1,500000,0,1,1000,5,3"));
  EXPECT_TRUE(row("1,1,1,0,2,500000,100000000,1,1000,5,3"));
  EXPECT_TRUE(row("1,2147483647,2147483647,0,0,0,0,1,3600000000000000,0,1000000000"));
  for (const char* bad : {"",
                          "1,1,1,0",
                          "1,1,1,0,0,0,0,1,1000,5",
                          "1,1,1,0,0,0,0,1,1000,5,3,2",  // no point, or a part of one
                          "0,1,1,0,0,0,0,1,1000,5,3",
                          "1,0,1,0,0,0,0,1,1000,5,3",
                          "1,1,0,0,0,0,0,1,1000,5,3",
                          "1,1,2147483648,0,0,0,0,1,1000,5,3",
                          "1,1,1,1000000000001,0,0,0,1,1000,5,3",  // disturbed
                          "1,1,1,0,0,0,0,0,1000,5,3",
                          "1,1,1,0,0,0,0,4097,1000,5,3",
                          "1,1,1,0,0,0,0,1,0,5,3",  // threads, time
                          "1,1,1,0,0,0,0,1,3600000000000001,5,3",
                          "1,1,1,0,0,0,0,1,1000,3600000000000001,3",  // an hour
                          "1,1,1,0,0,0,0,1,1000,5,0",
                          "1,1,1,0,0,0,0,1,1000,5,1",
                          "1,1,1,0,0,0,0,1,1000,5,1000000001",  // bursts
                          "1,1,1,0,0,0,0,2,1000,5,3,1,1000,5,3",
                          "1,1,1,0,0,0,0,2,1000,5,3,2,1000,5,3",  // not ascending
                          "200,1,1,0,0,0,0,1,1000,5,3",
                          "100,500,784,0,0,0,0,1,1000,5,3",  // after it, and again
                          "1,1,1,0,0,0,0,1,1e3,5,3",
                          "1,1,1,0,0,0,0,1,-1,5,3",
                          "1,1,1,0,0,0,0,1,1000,[5],3",
                          "1,1,1,0,0,0,0,1,1000,5,3,",
                          "1,1,1,,0,0,0,1,1000,5,3",
                          "1,1,1,0,0,0,0,1,1000,5,999999999999999999999",
                          "1,1,1,0,0,0,0,1,01000,5,3",
                          "1,1,1,0,0,0,0,1,1000,5,\"3\"",
                          "1,1,1,0,0,1,0,1,1000,5,3",
                          "1,1,1,0,0,0,1,1,1000,5,3",
                          "1,1,1,0,1,0,0,1,1000,5,3",
                          "1,1,1,0,1,500000,1,1,1000,5,3",
                          "1,1,1,0,2,1000000000001,1,1,1000,5,3",
                          "1,1,1,0,2,500000,100000001,1,1000,5,3",
                          "1,1,1,0,1000001,500000,1,1,1000,5,3",  // gains
                          "null"}) {
    EXPECT_FALSE(row(bad)) << bad;
  }
}

TEST(TableJson, CapsRowsDepthAndSize) {
  std::string row = "1,1,1,0,0,0,0";
  for (int threads = 1; threads <= 4097; ++threads) row += "," + std::to_string(threads) + ",1000,0,1";
  EXPECT_FALSE(read_payload(altered("\"curves\":[\n", "\"curves\":[\n[" + row + "],\n")));

  const std::string deep(1'000'000, '[');
  EXPECT_FALSE(read_payload(deep));
  EXPECT_FALSE(read_payload("\"tables\":" + deep));
  EXPECT_FALSE(read_payload(altered("\"curves\":[\n", "\"curves\":[\n" + deep)));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"tables\":[";
  EXPECT_FALSE(read_payload("\"tables\":[" + objects));

  const auto small = payload_of(written());
  const auto huge = small + std::string(max_table_bytes, ' ');
  EXPECT_FALSE(read_payload(huge));
  std::string many = "\"tables\":[";
  for (int i = 0; i < 65; ++i) {
    const auto one = payload_of(write_tables({sample_table(Threading::pthread)}).value());
    auto table = one.substr(11, one.rfind("\n]}") - 11);
    table.replace(table.find("\"processors\":8"), 14, "\"processors\":" + std::to_string(i + 1));
    many += (i == 0 ? "" : ",") + table;
    const auto result = read_payload(many + "]}");
    EXPECT_EQ(result.ok(), i < 64) << i << (result ? "" : result.error().what);
  }
}

TEST(TableJson, RefusesTwoTablesOfTheSameMachineAndBuild) {
  EXPECT_FALSE(read_payload(altered("\"openmp\"", "\"pthread\"")));
}

TEST(TableJson, RefusesEmptyGroupsAndGroupsOutOfOrder) {
  EXPECT_FALSE(
      read_payload(altered("\"groups\":[", R"("groups":[{"dtype":"f32","transpose":"NN","curves":[]},)")));
  EXPECT_FALSE(read_payload(altered(
      "\"groups\":[", R"("groups":[{"dtype":"f64","transpose":"NN","curves":[[1,1,1,0,0,0,0,1,9,0,1]]},)")));
  // Keys in another order are as good.
  EXPECT_TRUE(read_payload(altered(
      "\"groups\":[", R"("groups":[{"curves":[[1,1,1,0,0,0,0,1,9,0,1]],"transpose":"NN","dtype":"f32"},)")));
}

TEST(TableJson, RefusesOtherFiles) {
  for (const std::string text :
       {"", "\n", "{}", "[]", "null", "\xef\xbb\xbf{}", "{\"format\":\"blastune-table\"}",
        "{\"format\":\"blastune-table\",\"version\":", "{\"format\":\"blastune-table\",\"version\":1",
        "{\"format\":\"blastune-table\",\"version\":99999999999}"}) {
    const auto result = read_tables(text, "t");
    ASSERT_FALSE(result) << text;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_data);
  }
  EXPECT_FALSE(read_tables(std::string(1000, '\0'), "t"));
}

}  // namespace
}  // namespace blastune
