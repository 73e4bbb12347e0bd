// SPDX-License-Identifier: BSD-3-Clause
//
// The program on recorded measurements, and its judgement of tables.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "model/rng.h"
#include "store/csv.h"
#include "store/table_file.h"
#include "tests/base/temporary_directory.h"
#include "tests/cli/run_program.h"
#include "tuner/simulated_machine.h"

namespace blastune::testing {
namespace {

using Json = nlohmann::json;

constexpr int cores = 8;
constexpr int repetitions = 6;

class RecordedProgram : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words) {
    words.insert(words.begin(), BLASTUNE_PROGRAM);
    return run_program({std::move(words), environment_, ""});
  }

  // Calls of an imaginary machine, the first of each pair ten times as long. with_threads: and those of more
  // than one thread as many times.
  std::string recording(const std::string& name, std::uint64_t seed, std::size_t gemms = 12,
                        double with_threads = 1) {
    Rng rng(seed);
    SimulatedMachine machine;
    machine.cores = cores;
    machine.threads_per_core = 1;
    std::vector<Measurement> calls;
    for (std::size_t i = 0; i < gemms; ++i) {
      const auto size = [&] {
        return static_cast<std::int64_t>(std::lround(std::exp(4 + 4 * rng.uniform())));
      };
      const Gemm gemm{DType::f32, Transpose::none, Transpose::none, size(), size(), size()};
      for (int repetition = 0; repetition < repetitions; ++repetition) {
        for (int count = 1; count <= cores; ++count) {
          const double noise = 1 + 0.02 * (rng.uniform() - 0.5);
          const double seconds =
              simulated_seconds(machine, gemm, count) * noise * (count == 1 ? 1 : with_threads);
          calls.push_back({gemm, count, repetition == 0 ? 10 * seconds : seconds});
        }
      }
    }
    RealFileSystem files;
    const std::string path = directory_.path() + "/" + name;
    EXPECT_TRUE(write_measurements(files, path, calls).ok());
    return path;
  }
  std::string in_directory(const std::string& name) { return directory_.path() + "/" + name; }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> environment_{{"BLASTUNE_TABLE", directory_.path() + "/table.json"},
                                                  {"BLASTUNE_WORKER", STEADY_WORKER},
                                                  {"PATH", "/usr/bin:/bin"}};
};

TEST_F(RecordedProgram, TuneReplayMakesATableAndSaysWhatItUsed) {
  const std::string calls = recording("node.csv.gz", 1);
  const Ended tuned = run({"tune", "--replay", calls, "--output", in_directory("node.json"), "--json"});
  ASSERT_EQ(tuned.status, 0) << tuned.messages;
  const Json summary = Json::parse(tuned.out);
  EXPECT_EQ(summary["curves"], 12);
  EXPECT_EQ(summary["gemms"], 12);
  EXPECT_GT(summary["samples"], 12);
  EXPECT_LE(summary["samples"], 12 * cores * (repetitions - 1));
  EXPECT_GT(summary["recorded_seconds"], 0);
  EXPECT_FALSE(std::filesystem::exists(in_directory("table.json"))) << "the user's own table";

  const Ended verified =
      run({"verify", "--measurements", calls, "--table", in_directory("node.json"), "--unused", "--json"});
  ASSERT_EQ(verified.status, 0) << verified.messages;
  const Json regrets = Json::parse(verified.out)["types"][0];
  EXPECT_EQ(regrets["dtype"], "f32");
  EXPECT_EQ(regrets["policies"][0]["policy"], "advice");
  EXPECT_EQ(regrets["policies"][0]["gemms"], 12);
  EXPECT_LT(regrets["policies"][0]["geometric_mean"], 1.03);
  EXPECT_EQ(regrets["constants"].size(), static_cast<std::size_t>(cores));
  EXPECT_EQ(regrets["gemms"].size(), 12U);
}

TEST_F(RecordedProgram, TheSameRecordingGivesTheSameTable) {
  const std::string calls = recording("node.csv", 2);
  ASSERT_EQ(run({"tune", "--replay", calls, "--output", in_directory("a.json")}).status, 0);
  ASSERT_EQ(run({"tune", "--replay", calls, "--output", in_directory("b.json")}).status, 0);
  RealFileSystem files;
  const auto a = load_tables(files, in_directory("a.json"));
  const auto b = load_tables(files, in_directory("b.json"));
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_EQ(a->front().curves, b->front().curves);
}

TEST_F(RecordedProgram, AnswersFromItForThatMachine) {
  const std::string calls = recording("node.csv", 3);
  const std::string table = in_directory("node.json");
  const Ended text = run({"tune", "--replay", calls, "--output", table});
  ASSERT_EQ(text.status, 0) << text.messages;
  EXPECT_NE(text.out.find("a gemm"), std::string::npos) << text.out;
  const Ended answer = run({"recommend", "--gemm", "2000,2000,2000", "--dtype", "f32", "--table", table});
  ASSERT_EQ(answer.status, 0) << answer.messages;
  EXPECT_EQ(answer.out, "8\n");
  EXPECT_NE(answer.messages.find("node.csv"), std::string::npos) << answer.messages;
}

TEST_F(RecordedProgram, ReplayTakesTheCountsAndTheBudgetThatAreAskedFor) {
  const std::string calls = recording("node.csv", 4);
  const std::string table = in_directory("node.json");
  ASSERT_EQ(run({"tune", "--replay", calls, "--threads", "1-4", "--output", table}).status, 0);
  const std::vector<std::string> words{"recommend", "--gemm", "2000,2000,2000", "--dtype", "f32",
                                       "--table",   table};
  auto with_four = words;
  with_four.insert(with_four.end(), {"--available", "4"});
  EXPECT_EQ(run(with_four).out, "4\n");
  // The library's own eight were not measured, so nothing has earned its place against them.
  EXPECT_EQ(run(words).out, "8\n");
  const Ended hurried =
      run({"tune", "--replay", calls, "--budget", "1us", "--output", in_directory("b.json")});
  EXPECT_EQ(hurried.status, 1);
  EXPECT_NE(hurried.messages.find("--budget"), std::string::npos) << hurried.messages;
}

TEST_F(RecordedProgram, AReplayWithoutAFileToKeepItInSaysWhatItUsed) {
  const Ended tuned = run({"tune", "--replay", recording("node.csv", 9), "--json"});
  ASSERT_EQ(tuned.status, 0) << tuned.messages;
  EXPECT_TRUE(Json::parse(tuned.out)["table"].is_null());
  EXPECT_FALSE(std::filesystem::exists(in_directory("table.json")));
}

// As jobs with a time limit leave them: of some gemms other counts than of others.
TEST_F(RecordedProgram, NotEveryGemmHasToHaveEveryCount) {
  for (const int last : {8, 40}) {
    SimulatedMachine machine;
    machine.cores = last;
    machine.threads_per_core = 1;
    std::vector<Measurement> calls;
    for (std::int64_t number = 0; number < 9; ++number) {
      const Gemm gemm{DType::c64, Transpose::none, Transpose::none, 300 + 100 * number, 400, 500};
      for (int repetition = 0; repetition < 4; ++repetition)
        for (int count = 1; count <= last; ++count)
          if (count == 1 || count % 3 != number % 3)
            calls.push_back({gemm, count, simulated_seconds(machine, gemm, count)});
    }
    RealFileSystem files;
    const std::string file = in_directory("gaps.csv");
    ASSERT_TRUE(write_measurements(files, file, calls).ok());
    const Ended tuned =
        run({"tune", "--replay", file, "--output", in_directory("gaps.json"), "--json", "--dtype", "c64"});
    ASSERT_EQ(tuned.status, 0) << tuned.messages;
    EXPECT_EQ(Json::parse(tuned.out)["curves"], 9);
    std::filesystem::remove(in_directory("gaps.json"));
  }
}

TEST_F(RecordedProgram, ImportTakesEveryWarmCall) {
  const std::string calls = recording("node.csv", 5);
  const std::string table = in_directory("node.json");
  const Ended imported = run({"import", calls, "--output", table, "--json"});
  ASSERT_EQ(imported.status, 0) << imported.messages;
  const Json summary = Json::parse(imported.out);
  EXPECT_EQ(summary["curves"], 12);
  EXPECT_EQ(summary["calls"], 12 * cores * repetitions);
  EXPECT_EQ(summary["left_out"], 12 * cores);
  RealFileSystem files;
  const auto once = load_tables(files, table);
  ASSERT_EQ(run({"import", calls, "--output", table}).status, 0);
  const auto twice = load_tables(files, table);
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_EQ(once->front().curves, twice->front().curves);
  EXPECT_EQ(once->front().curves.front().points.size(), static_cast<std::size_t>(cores));

  const Ended verified = run({"verify", "--measurements", calls, "--table", table});
  EXPECT_EQ(verified.status, 0) << verified.messages;
  EXPECT_NE(verified.out.find("the advice"), std::string::npos) << verified.out;
}

TEST_F(RecordedProgram, JudgesOnGemmsThatTheTableHasNot) {
  const std::string table = in_directory("node.json");
  ASSERT_EQ(run({"import", recording("node.csv", 6, 60), "--output", table}).status, 0);
  const Ended verified =
      run({"verify", "--measurements", recording("fresh.csv", 7, 20), "--table", table, "--json"});
  ASSERT_EQ(verified.status, 0) << verified.messages;
  const Json policies = Json::parse(verified.out)["types"][0]["policies"];
  EXPECT_EQ(policies[2]["policy"], "advice, interpolated");
  EXPECT_EQ(policies[2]["gemms"], 20);
  EXPECT_LT(policies[2]["geometric_mean"], 1.1);
}

TEST_F(RecordedProgram, SaysWhenThreadsAreNotWorthWhatTheyWere) {
  const std::string table = in_directory("node.json");
  const std::string calls = recording("node.csv", 6);
  ASSERT_EQ(run({"import", calls, "--output", table}).status, 0);
  const auto verify = [&](const std::string& file) {
    return run({"verify", "--measurements", file, "--table", table}).out;
  };
  EXPECT_EQ(verify(calls).find("another state"), std::string::npos);
  const std::string later = recording("later.csv", 6, 12, 1.5);
  EXPECT_NE(verify(later).find("another state"), std::string::npos) << verify(later);
  const Json json =
      Json::parse(run({"verify", "--measurements", later, "--table", table, "--json"}).out)["types"][0];
  const Json most = json["constants"].back();
  EXPECT_NEAR(most["against_one"].get<double>() / most["expected_against_one"].get<double>(), 1.5, 0.05);
}

TEST_F(RecordedProgram, OfSeveralTablesInAFileTheLastAnswers) {
  const std::string table = in_directory("both.json");
  const std::string one =
      directory_.write("one.csv", "dtype,m,n,k,threads,seconds\nf64,500,500,500,1,0.01\n");
  const Ended alone = run({"import", one, "--output", table});
  ASSERT_EQ(alone.status, 0);
  EXPECT_NE(alone.messages.find("1 thread only"), std::string::npos) << alone.messages;
  const std::string two = directory_.write(
      "two.csv", "dtype,m,n,k,threads,seconds\nf64,500,500,500,1,0.01\nf64,500,500,500,4,0.003\n");
  ASSERT_EQ(run({"import", two, "--output", table}).status, 0);
  const Ended asked = run({"recommend", "--gemm", "500,500,500", "--table", table});
  EXPECT_EQ(asked.out, "4\n") << asked.messages;
  EXPECT_NE(asked.messages.find("2 tables"), std::string::npos) << asked.messages;
  EXPECT_NE(run({"import", two, "--output", table}).messages.find("already"), std::string::npos);
  EXPECT_EQ(run({"verify", "--measurements", one, "--table", table}).status, 1);
}

TEST_F(RecordedProgram, WhatWasNotMeasuredIsNoTime) {
  const std::string table = in_directory("few.json");
  // The library of that machine would take 8, with which the gemms of the network were never run.
  const std::string calls =
      directory_.write("few.csv",
                       "dtype,m,n,k,threads,seconds\nf64,100,500,784,1,0.008\nf64,100,500,784,2,0.004\n"
                       "f64,100,500,784,4,0.002\nf64,900,900,900,8,0.01\n");
  ASSERT_EQ(run({"import", calls, "--output", table}).status, 0);
  const std::vector<std::string> words{"recommend", "--gemm", "100,500,784", "--table", table};
  const auto with = [&](const char* word) {
    auto more = words;
    more.emplace_back(word);
    return run(more);
  };
  EXPECT_TRUE(Json::parse(with("--json").out)["default_seconds"].is_null()) << with("--json").out;
  EXPECT_NE(with("--explain").messages.find("nothing was measured"), std::string::npos);
  const Ended network = run({"recommend", "--layers", "784,100", "--batch", "500", "--table", table});
  EXPECT_NE(network.out.find("not measured"), std::string::npos) << network.out;
  EXPECT_EQ(network.out.find("with   8 threads"), std::string::npos) << network.out;
  const Json json = Json::parse(
      run({"recommend", "--layers", "784,100", "--batch", "500", "--table", table, "--json"}).out);
  EXPECT_TRUE(json["default_pass_seconds"].is_null());
  EXPECT_EQ(json["single_counts"].size(), 3U);
}

TEST_F(RecordedProgram, WhatIsAmissIsSaid) {
  const std::string calls = recording("node.csv", 8);
  RealFileSystem files;
  const std::string empty = in_directory("empty.csv");
  const std::string table = in_directory("node.json");
  ASSERT_TRUE(write_measurements(files, empty, {}).ok());
  struct Case {
    std::vector<std::string> words;
    int status;
    std::string says;
  };
  const std::vector<Case> cases{
      {{"import"}, 2, "FILE"},
      {{"import", calls}, 2, "--output"},
      {{"import", "/nowhere.csv", "--output", table}, 1, "/nowhere.csv"},
      {{"import", empty, "--output", table}, 1, "no call"},
      {{"import", calls, "--blas", "/nowhere.so"}, 1, "/nowhere.so"},
      {{"import", calls, "--output", calls}, 1, "node.csv"},
      {{"tune", "--replay", "/nowhere.csv"}, 1, "/nowhere.csv"},
      {{"tune", "--replay", empty}, 1, "no call"},
      {{"tune", "--replay", calls, "--threads", "9"}, 2, "--threads"},
      {{"tune", "--replay", calls, "--dtype", "f64"}, 2, "--dtype"},
      {{"tune", "--replay", calls, "--quick"}, 2, "--quick"},
      {{"tune", "--replay", calls, "--blas", "x.so"}, 2, "--blas"},
      {{"verify", "--measurements", calls, "--table", "/nowhere.json"}, 3, "/nowhere.json"},
      {{"verify", "--unused", "--table", "/nowhere.json"}, 2, "--measurements"},
      {{"verify", "--shapes", "5", "--measurements", calls, "--table", "/nowhere.json"}, 2, "--shapes"},
  };
  for (const auto& one : cases) {
    const Ended ended = run(one.words);
    std::string words;
    for (const auto& word : one.words) words += word + " ";
    EXPECT_EQ(ended.status, one.status) << words << ended.messages;
    EXPECT_EQ(ended.out, "") << words;
    EXPECT_NE(ended.messages.find(one.says), std::string::npos) << words << "said: " << ended.messages;
  }
  ASSERT_EQ(run({"import", calls, "--output", table}).status, 0);
  EXPECT_EQ(run({"verify", "--measurements", empty, "--table", table}).status, 1);
  EXPECT_EQ(run({"verify", "--measurements", calls, "--table", table, "--unused"}).status, 2);
  const Ended here = run({"verify", "--table", table});
  EXPECT_EQ(here.status, 4) << here.messages;
  EXPECT_NE(here.messages.find("--measurements"), std::string::npos) << here.messages;
  EXPECT_EQ(run({"verify", "--table", table, "--measurements", "/nowhere.csv"}).status, 1);
  EXPECT_EQ(run({"verify", "--table", table, "--measurements", calls, "--dtype", "f64"}).status, 1);
}

}  // namespace
}  // namespace blastune::testing
