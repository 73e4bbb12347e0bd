// SPDX-License-Identifier: BSD-3-Clause
#include "store/process_findings.h"

#include <gtest/gtest.h>

#include <string>

namespace blastune {
namespace {

ProcessFindings some_findings() {
  ProcessFindings findings;
  findings.process = 4711;
  findings.parent = 4710;
  findings.began = 18'000'000'000'000'000'000U;
  findings.ended = true;
  findings.program = "/usr/bin/python3.11";
  BlasFindings blas;
  blas.path = "/lib/libblas.so.3";
  blas.prefix = "scipy_";
  blas.suffix = "64_";
  blas.was_asked = true;
  blas.openblas = "/lib/\"open\\blas\".so\n\u00e4";
  blas.build = "OpenBLAS 0.3.21 pthread (Zen)";
  blas.integer_bits = 64;
  blas.applies = true;
  blas.limit = 8;
  blas.reason = reason_names[0];
  blas.message = "m";
  blas.table = "/t";
  blas.curves = 12;
  findings.blas = {blas, {}};
  findings.callers = {{"/lib/umath.so", blas.path, 3, 4}};
  return findings;
}

TEST(ProcessFindings, AreReadAsTheyWereWritten) {
  for (const ProcessFindings& findings : {some_findings(), ProcessFindings{}}) {
    std::string line = findings_line(findings);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    line.pop_back();
    const Result<ProcessFindings> read = parse_findings_line(line);
    ASSERT_TRUE(read.ok()) << line;
    EXPECT_EQ(*read, findings);
  }
}

TEST(ProcessFindings, WhatIsNoTextOrTooMuchStaysReadable) {
  ProcessFindings findings = some_findings();
  findings.program = "/bin/\xff\xfe";
  findings.blas.front().message = std::string(10'000, 'm');
  findings.blas.resize(100);
  findings.callers.resize(100);
  std::string line = findings_line(findings);
  line.pop_back();
  const Result<ProcessFindings> read = parse_findings_line(line);
  ASSERT_TRUE(read.ok()) << line;
  EXPECT_TRUE(read->program.starts_with("/bin/")) << read->program;
  EXPECT_LT(read->blas.size(), 100U);
  EXPECT_LT(read->callers.size(), 100U);
  EXPECT_LE(read->blas.front().message.size(), 4096U);
}

TEST(ProcessFindings, DamagedOnesAreRefused) {
  std::string line = findings_line(some_findings());
  line.pop_back();
  for (std::size_t length = 0; length < line.size(); ++length)
    EXPECT_FALSE(parse_findings_line(line.substr(0, length)).ok()) << length;
  const auto with = [&](const std::string& from, const std::string& to) {
    const std::size_t at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    std::string changed = line;
    return changed.replace(at, from.size(), to);
  };
  for (const std::string& damaged :
       {with("4711", "-1"), with("4711", "\"4711\""), with("4711", "1e99"),
        with("\"ended\":true", "\"ended\":1"), with("\"limit\":8", "\"limit\":8000000000"),
        with("\"blas\":[{", "\"blas\":[3,{"), with("\"curves\"", "\"curve\""),
        with("\"callers\":[", "\"callers\":[[],"), std::string("{\"process\":1}"), std::string("[]"),
        std::string(max_findings_line + 1, ' ')}) {
    EXPECT_FALSE(parse_findings_line(damaged).ok()) << damaged.substr(0, 300);
  }
}

}  // namespace
}  // namespace blastune
