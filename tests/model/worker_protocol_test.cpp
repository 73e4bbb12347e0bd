// SPDX-License-Identifier: BSD-3-Clause
#include "model/worker_protocol.h"

#include <gtest/gtest.h>

#include <limits>

namespace blastune {
namespace {

WorkerRequest a_request() {
  WorkerRequest request;
  request.number = 42;
  request.burst.gemm = Gemm{DType::c64, Transpose::transposed, Transpose::conjugated, 100, 500, 784};
  request.burst.threads = 3;
  request.burst.warm_calls = 2;
  request.burst.calls = 4;
  return request;
}

WorkerAnswer an_answer() {
  WorkerAnswer answer;
  answer.number = 42;
  BurstResult result;
  result.seconds = {7.2e-05, 1.0 / 3.0, 1e-9, 0.1};
  result.context = {0.5, 0.75, 1e-6, 0.01, 12};
  answer.result = result;
  return answer;
}

Error failure_of(const Result<WorkerAnswer>& result) {
  return result ? Error{ErrorKind::usage, "no error", {}} : result.error();
}

TEST(RequestLine, ComesBack) {
  const WorkerRequest request = a_request();
  const std::string line = encode(request);
  EXPECT_EQ(line, "burst 42 c64 TC 100 500 784 3 2 4");
  const auto decoded = decode_request(line);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, request);
}

TEST(RequestLine, LongestFits) {
  WorkerRequest request;
  request.number = std::numeric_limits<std::uint64_t>::max();
  request.burst.gemm =
      Gemm{DType::c128, Transpose::none, Transpose::none, max_dimension, max_dimension, max_dimension};
  request.burst.threads = max_burst_threads;
  request.burst.warm_calls = max_burst_calls;
  request.burst.calls = max_burst_calls;
  const auto decoded = decode_request(encode(request));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, request);
}

TEST(RequestLine, RefusesEverythingElse) {
  for (const char* line : {"",
                           " ",
                           "burst",
                           "burst 42 c64 TC 100 500 784 3 2",
                           "burst 42 c64 TC 100 500 784 3 2 4 5",
                           "burst 42 c64 TC 100 500 784 3 2 4 ",
                           " burst 42 c64 TC 100 500 784 3 2 4",
                           "burst  42 c64 TC 100 500 784 3 2 4",
                           "Burst 42 c64 TC 100 500 784 3 2 4",
                           "burst -1 c64 TC 100 500 784 3 2 4",
                           "burst 42 f16 TC 100 500 784 3 2 4",
                           "burst 42 f64 TX 100 500 784 3 2 4",
                           "burst 42 f64 T 100 500 784 3 2 4",
                           "burst 42 f64 NN 0 500 784 3 2 4",
                           "burst 42 f64 NN 100 -5 784 3 2 4",
                           "burst 42 f64 NN 100 500 2147483648 3 2 4",
                           "burst 42 f64 NN 100 500 784 0 2 4",
                           "burst 42 f64 NN 100 500 784 65537 2 4",
                           "burst 42 f64 NN 100 500 784 3 -1 4",
                           "burst 42 f64 NN 100 500 784 3 2 0",
                           "burst 42 f64 NN 100 500 784 3 2 1001",
                           "burst 42 f64 NN 100 500 784 3 2 4x",
                           "burst 42 f64 NN 1e2 500 784 3 2 4",
                           "burst 18446744073709551616 f64 NN 100 500 784 3 2 4"}) {
    const auto decoded = decode_request(line);
    ASSERT_FALSE(decoded) << line;
    EXPECT_EQ(decoded.error().kind, ErrorKind::invalid_data) << line;
  }
  EXPECT_FALSE(decode_request("burst " + std::string(300, '0') + "42 f64 NN 100 500 784 3 2 4"));
}

TEST(AnswerLine, ComesBackToTheLastBit) {
  const WorkerAnswer answer = an_answer();
  const auto decoded = decode_answer(encode(answer), a_request());
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_EQ(*decoded, answer);
}

TEST(AnswerLine, LongestFits) {
  WorkerRequest request = a_request();
  request.burst.calls = max_burst_calls;
  WorkerAnswer answer = an_answer();
  answer.result->seconds.assign(max_burst_calls, 1.2345678901234567e-05);
  const std::string line = encode(answer);
  EXPECT_LE(line.size(), max_answer_line);
  EXPECT_TRUE(decode_answer(line, request));
}

TEST(AnswerLine, CarriesTheReasonOfALoss) {
  WorkerAnswer answer;
  answer.number = 42;
  answer.reason = "100 % of\nit = \x01\xff lost";
  const auto decoded = decode_answer(encode(answer), a_request());
  ASSERT_TRUE(decoded);
  EXPECT_EQ(*decoded, answer);
}

TEST(AnswerLine, RecognisesLies) {
  const WorkerRequest asked = a_request();
  for (const char* line : {
           "",
           "done",
           "done 42",
           "done 41 1 1 0 0 0 .1 .1 .1 .1",     // another's number
           "done 42 1 1 0 0 0 .1 .1 .1",        // too few calls
           "done 42 1 1 0 0 0 .1 .1 .1 .1 .1",  // too many
           "done 42 1 1 0 0 0 .1 .1 .1 -.1",
           "done 42 1 1 0 0 0 .1 .1 .1 0",
           "done 42 1 1 0 0 0 .1 .1 .1 nan",
           "done 42 1 1 0 0 0 .1 .1 .1 inf",
           "done 42 1 1 0 0 0 .1 .1 .1 0x1",
           "done 42 1 1 0 0 0 .1 .1 .1 1e999",
           "done 42 1 1 0 0 0 .1 .1 .1 .1 ",
           "done 42 0 1 0 0 0 .1 .1 .1 .1",  // no wall time
           "done 42 nan 1 0 0 0 .1 .1 .1 .1",
           "done 42 1e30 1 0 0 0 .1 .1 .1 .1",
           "done 42 1 -1 0 0 0 .1 .1 .1 .1",
           "done 42 1 1 0 0 -1 .1 .1 .1 .1",
           "done 42 1 1 0 0 0.5 .1 .1 .1 .1",
           "done 42 .3 1 0 0 0 .1 .1 .1 .1",  // calls longer than their burst
           "lost 42",
           "lost 42 reason",
           "lost 42 =a =b",
           "lost 42 =%zz",
           "lost 42 =%4",
           "lost 41 =a",
           "hello 1",
       }) {
    const auto decoded = decode_answer(line, asked);
    ASSERT_FALSE(decoded) << line;
    EXPECT_EQ(failure_of(decoded).kind, ErrorKind::invalid_data) << line;
  }
}

WorkerHello a_hello() {
  WorkerHello hello;
  hello.build.version = {0, 3, 27};
  hello.build.config = "OpenBLAS 0.3.27 USE_OPENMP Zen MAX_THREADS=64";
  hello.build.core_name = "Zen";
  hello.build.threading = Threading::openmp;
  hello.build.integer_bits = 64;
  hello.build.prefix = "scipy_";
  hello.build.suffix = "64_";
  hello.build.max_threads = 64;
  hello.build.build_id = "00ff";
  hello.build.path = "/a path/with 100%/lib.so";
  hello.default_threads = 12;
  hello.setter = CountSetter::openmp;
  return hello;
}

TEST(HelloLine, CarriesTheWholeIdentity) {
  const WorkerHello hello = a_hello();
  const auto decoded = decode_hello(encode(hello));
  ASSERT_TRUE(decoded) << decoded.error().text();
  EXPECT_TRUE(same_build(decoded->build, hello.build));
  EXPECT_EQ(decoded->build.path, hello.build.path);
  EXPECT_EQ(decoded->default_threads, 12);
  EXPECT_EQ(decoded->setter, CountSetter::openmp);
}

TEST(HelloLine, IsBoundedWhateverTheLibrarySays) {
  WorkerHello hello = a_hello();
  for (std::string* text : {&hello.build.config, &hello.build.core_name, &hello.build.path,
                            &hello.build.build_id, &hello.build.prefix, &hello.build.suffix})
    *text = std::string(100000, '\n');
  const std::string line = encode(hello);
  EXPECT_LE(line.size(), max_answer_line);
  EXPECT_TRUE(decode_hello(line));
}

TEST(HelloLine, EveryShorterLineIsRefused) {
  const std::string line = encode(a_hello());
  const std::size_t config_starts = line.rfind(" =") + 2;
  for (std::size_t length = 0; length < config_starts; ++length) {
    // Cut within a text it may still be a line; only whole words are missing here.
    if (line[length] != ' ' && length != 0) continue;
    EXPECT_FALSE(decode_hello(line.substr(0, length))) << length;
  }
}

TEST(HelloLine, TellsAnotherProtocol) {
  const auto decoded = decode_hello("hello 2 whatever comes then");
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().what.find("version 2"), std::string::npos);
  EXPECT_FALSE(decoded.error().remedy.empty());
}

TEST(Refusal, ComesBackAsTheError) {
  const Error error{ErrorKind::not_found, "no such thing: 50 %", "look elsewhere"};
  const auto decoded = decode_hello(encode_refusal(error));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().kind, error.kind);
  EXPECT_EQ(decoded.error().what, error.what);
  EXPECT_EQ(decoded.error().remedy, error.remedy);
}

TEST(LineSplitter, CutsWhereverTheBytesAreCut) {
  const std::string stream = "one\n\ntwo three\n";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    LineSplitter lines(20);
    std::vector<std::string> seen;
    for (const std::string& part : {stream.substr(0, cut), stream.substr(cut)}) {
      lines.add(part);
      while (true) {
        const auto line = lines.next();
        ASSERT_TRUE(line);
        if (!*line) break;
        seen.push_back(**line);
      }
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"one", "", "two three"}));
    EXPECT_EQ(lines.pending(), 0U);
  }
}

TEST(LineSplitter, RefusesALineTooLong) {
  LineSplitter lines(4);
  lines.add("1234\n12345");
  EXPECT_TRUE(lines.next());
  EXPECT_FALSE(lines.next());
  LineSplitter whole(4);
  whole.add("12345\n");
  EXPECT_FALSE(whole.next());
}

TEST(CheckRequest, NamesWhatCannotBeMeant) {
  EXPECT_TRUE(check_request(a_request().burst));
  for (int bad = 0; bad < 5; ++bad) {
    BurstRequest request = a_request().burst;
    if (bad == 0) request.gemm.m = 0;
    if (bad == 1) request.threads = 0;
    if (bad == 2) request.warm_calls = -1;
    if (bad == 3) request.calls = 0;
    if (bad == 4) request.calls = max_burst_calls + 1;
    const auto checked = check_request(request);
    ASSERT_FALSE(checked) << bad;
    EXPECT_EQ(checked.error().kind, ErrorKind::usage) << bad;
  }
}

}  // namespace
}  // namespace blastune
