// SPDX-License-Identifier: BSD-3-Clause
#include "store/csv.h"

#include <gtest/gtest.h>

#include "store/gzip.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

std::string what(const std::string& text) {
  const auto result = parse_measurements(text, "calls.csv");
  EXPECT_FALSE(result) << text;
  return result ? std::string() : result.error().what;
}

TEST(Csv, ReadsRowsByTheirHeader) {
  const auto plain = parse_measurements("dtype,m,n,k,threads,seconds\nf32,1,2,3,4,0.5\n", "x");
  ASSERT_TRUE(plain) << plain.error().text();
  ASSERT_EQ(plain->size(), 1U);
  const Gemm expected{DType::f32, Transpose::none, Transpose::none, 1, 2, 3};
  EXPECT_EQ(plain->front(), (Measurement{expected, 4, 0.5}));

  const auto other = parse_measurements(
      "seconds, threads,host,k,n,m,transpose,dtype\r\n\r\n5e-1,4,\"a\",3,2,1,NN,f32\r\n0.25,1,,3,2,1,TN,f64",
      "x");
  ASSERT_TRUE(other) << other.error().text();
  ASSERT_EQ(other->size(), 2U);
  EXPECT_EQ(other->front(), plain->front());
  EXPECT_EQ((*other)[1].gemm.trans_a, Transpose::transposed);
}

TEST(Csv, KeepsRepeatedRowsInOrder) {
  const auto rows =
      parse_measurements("dtype,m,n,k,threads,seconds\nf64,1,1,1,1,2\nf64,1,1,1,1,1\nf64,1,1,1,1,2\n", "x");
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 3U);
  EXPECT_DOUBLE_EQ((*rows)[1].seconds, 1);
}

TEST(Csv, NamesFileLineAndColumn) {
  const std::string head = "dtype,m,n,k,threads,seconds\nf64,1,1,1,1,2\n";
  EXPECT_EQ(what(head + "f64,0,1,1,1,2\n"),
            "calls.csv, line 3: m: \"0\" is not an integer from 1 to 2147483647");
  EXPECT_NE(what(head + "\nf16,1,1,1,1,2").find("line 4: dtype: \"f16\""), std::string::npos);
  EXPECT_NE(what(head + "f64,1,1,1,5000,2").find("threads"), std::string::npos);
  for (const char* seconds : {"0", "-1", "nan", "inf", "1e9", "", "x"}) {
    EXPECT_NE(what(head + "f64,1,1,1,1," + seconds).find("line 3: seconds"), std::string::npos) << seconds;
  }
  EXPECT_NE(what(head + "f64,1,1,1,1").find("5 fields, and the header has 6"), std::string::npos);
  EXPECT_NE(what(head + "f64,1,1,1,1,2,3").find("7 fields"), std::string::npos);
  EXPECT_NE(what(head + "f64,1,1,2147483648,1,2").find("k:"), std::string::npos);
  EXPECT_NE(what("dtype,m,n,k,threads,seconds,transpose\nf64,1,1,1,1,2,XX").find("line 2"),
            std::string::npos);
}

TEST(Csv, WantsAHeader) {
  EXPECT_NE(what("").find("no header"), std::string::npos);
  EXPECT_NE(what("\n\n").find("no header"), std::string::npos);
  EXPECT_NE(what("f64,1,1,1,1,2\n").find("no column \"dtype\""), std::string::npos);
  EXPECT_NE(what("dtype,m,n,k,threads\n").find("no column \"seconds\""), std::string::npos);
  EXPECT_NE(what("dtype,m,n,k,threads,seconds,m\n").find("two columns \"m\""), std::string::npos);
}

TEST(Csv, BoundsLinesAndColumns) {
  const std::string head = "dtype,m,n,k,threads,seconds\n";
  EXPECT_NE(what(head + std::string(1'000'000, 'x')).find("line 2: longer than"), std::string::npos);
  EXPECT_NE(what("dtype,m,n,k,threads,seconds" + std::string(100, ',') + "\n").find("columns"),
            std::string::npos);
  EXPECT_NE(what(std::string(100, '\0')).find("line 1"), std::string::npos);
}

TEST(Csv, WritesWhatItReads) {
  RealFileSystem files;
  const TemporaryDirectory directory;
  std::vector<Measurement> rows;
  for (std::int64_t i = 1; i <= 50'000; ++i) {
    const auto trans_b = i % 2 == 0 ? Transpose::none : Transpose::conjugated;
    rows.push_back({{DType::c64, Transpose::transposed, trans_b, i, 20, 30},
                    7,
                    0.5 / static_cast<double>(1 + i % 512 * 512)});
  }
  for (const char* name : {"calls.csv", "calls.csv.gz"}) {
    ASSERT_TRUE(write_measurements(files, directory.path(name), rows));
    const auto read = read_measurements(files, directory.path(name));
    ASSERT_TRUE(read) << read.error().text();
    ASSERT_EQ(read->size(), rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ((*read)[i].gemm, rows[i].gemm);
      ASSERT_NEAR((*read)[i].seconds / rows[i].seconds, 1, 1e-8);
    }
  }
  EXPECT_TRUE(is_gzip(directory.read("calls.csv.gz")));
  EXPECT_FALSE(is_gzip(directory.read("calls.csv")));
}

TEST(Csv, NamesDamagedFiles) {
  RealFileSystem files;
  const TemporaryDirectory directory;
  const auto packed = pack_gzip("dtype,m,n,k,threads,seconds\nf64,1,1,1,1,2\n").value();
  for (std::size_t size = 2; size < packed.size(); ++size) {
    const auto path = directory.write("cut.csv.gz", packed.substr(0, size));
    const auto result = read_measurements(files, path);
    ASSERT_FALSE(result) << size;
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_data);
    EXPECT_NE(result.error().what.find(path), std::string::npos) << result.error().what;
  }
  EXPECT_FALSE(read_measurements(files, directory.write("more.csv.gz", packed + "x")));
  const auto wrong = read_measurements(files, directory.write("wrong.csv.gz", pack_gzip("dtype\n").value()));
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().what.find("line 1"), std::string::npos);
  EXPECT_EQ(read_measurements(files, directory.path("absent.csv")).error().kind, ErrorKind::not_found);
}

TEST(Gzip, UnpacksSeveralMembersAndIsBounded) {
  const auto unpack = [](const std::string& bytes, std::size_t most) {
    std::string text;
    const auto result = unpack_gzip(bytes, most, [&](std::string_view piece) {
      text += piece;
      return Result<void>{};
    });
    return result ? text : "failed";
  };
  EXPECT_EQ(unpack(pack_gzip("").value(), 0), "");
  EXPECT_EQ(unpack(pack_gzip("ab").value() + pack_gzip("cd").value(), 4), "abcd");
  EXPECT_EQ(unpack(pack_gzip("abcd").value(), 3), "failed");
  const std::string zeros(10'000'000, '0');
  EXPECT_EQ(unpack(pack_gzip(zeros).value(), zeros.size()), zeros);
  EXPECT_EQ(unpack(pack_gzip(zeros).value(), zeros.size() - 1), "failed");
}

}  // namespace
}  // namespace blastune
