// SPDX-License-Identifier: BSD-3-Clause
//
// The whole program from outside: words in; exit status, answer and messages out.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/unique_fd.h"
#include "model/layer.h"
#include "store/csv.h"
#include "store/table_file.h"
#include "tests/base/kernel_tree.h"
#include "tests/base/temporary_directory.h"
#include "tests/cli/run_program.h"

namespace blastune::testing {
namespace {

using Json = nlohmann::json;

// The kernel's file as one look reads it: 4096 bytes, of a machine whose processors worked that many ticks.
std::string stat_text(double ticks) {
  const std::string used = " " + std::to_string(static_cast<long>(ticks)) + " 0 0 0\n";
  std::string text = "cpu" + used;
  for (int i = 0; i < 128; ++i) text += "cpu" + std::to_string(i) + used;
  text += "intr";
  text.resize(4095, ' ');
  return text + "\n";
}

// A queue in the place of the file, so that each look sees the next text, however late it comes.
class Looks {
 public:
  explicit Looks(const std::string& directory) {
    std::filesystem::create_directories(directory);
    const std::string path = directory + "/stat";
    EXPECT_EQ(::mkfifo(path.c_str(), 0600), 0);
    queue_ = UniqueFd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    EXPECT_TRUE(queue_.valid());
  }
  void prepare(const std::string& first, const std::string& second) const {
    const std::string both = first + second;
    EXPECT_EQ(::write(queue_.get(), both.data(), both.size()), static_cast<ssize_t>(both.size()));
  }

 private:
  UniqueFd queue_;
};

class Program : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words) {
    Command command = prepared(std::move(words));
    return run_program(command);
  }

  Command prepared(std::vector<std::string> words) {
    words.insert(words.begin(), BLASTUNE_PROGRAM);
    return {std::move(words), environment_, ""};
  }

  // A table of a machine that is not this one, with eight cores: answers do not depend on where tests run.
  std::string foreign_table() {
    Table table;
    table.machine = {"Imaginary 8000", 8, 1, 1 << 20};
    table.build.version = {0, 3, 21};
    table.build.config = "OpenBLAS 0.3.21 MAX_THREADS=64";
    table.build.core_name = "Imaginary";
    table.build.threading = Threading::pthread;
    table.build.max_threads = 64;
    table.default_threads = 8;
    table.measured_unix = 1'700'000'000;
    for (const std::int64_t batch : {8, 32, 128, 500, 2048}) {
      for (const Layer& layer : {Layer{784, 100}, Layer{784, 300}, Layer{300, 140}, Layer{100, 50}}) {
        Curve curve;
        curve.gemm = layer_gemm(layer, batch, DType::f64, Pass::forward, Layout::features_by_batch);
        for (const int threads : {1, 2, 4, 8}) {
          const double seconds = volume(curve.gemm) * 1e-10 / threads + 20e-6 * (threads - 1);
          curve.at(threads).seconds = Moments::from_summary(5, seconds, 0.01 * seconds);
        }
        table.add(curve);
      }
    }
    RealFileSystem files;
    const std::string path = directory_.path() + "/foreign.json";
    EXPECT_TRUE(save_tables(files, path, {table}).ok());
    return path;
  }

  TemporaryDirectory directory_;
  std::map<std::string, std::string> environment_{{"BLASTUNE_TABLE", directory_.path() + "/table.json"},
                                                  {"BLASTUNE_WORKER", STEADY_WORKER},
                                                  {"PATH", "/usr/bin:/bin"}};
};

TEST_F(Program, HelpAndVersionAreAnswers) {
  const Ended version = run({"--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out, "blastune " BLASTUNE_VERSION "\n");
  for (const auto& words : std::vector<std::vector<std::string>>{{"--help"}, {}, {"recommend", "--help"}}) {
    const Ended help = run(words);
    EXPECT_EQ(help.status, 0);
    EXPECT_NE(help.out.find("Usage"), std::string::npos);
    EXPECT_EQ(help.messages, "");
  }
}

TEST_F(Program, UsageErrorsSayWhatIsWrongAndNeverPrintTheHelp) {
  struct Case {
    std::vector<std::string> words;
    std::string says;
  };
  const std::vector<Case> cases{
      {{"recomend"}, "did you mean 'recommend'?"},
      {{"frobnicate"}, "unknown verb \"frobnicate\""},
      {{"recommend", "--batc", "5"}, "did you mean '--batch'?"},
      {{"recommend"}, "--m"},
      {{"recommend", "--m", "784", "--n", "100"}, "--batch is missing"},
      {{"recommend", "--m", "0", "--n", "100", "--batch", "5"}, "--m"},
      {{"recommend", "--m", "-3", "--n", "100", "--batch", "5"}, "--m"},
      {{"recommend", "--m", "784", "--n", "100", "--batch", "9223372036854775808"}, "--batch"},
      {{"recommend", "--m", "784", "--n", "1e3", "--batch", "5"}, "1e3"},
      {{"recommend", "--m"}, "--m"},
      {{"recommend", "--gemm", "1,2"}, "three sizes"},
      {{"recommend", "--gemm", "1,2,3,4"}, "--gemm"},
      {{"recommend", "--gemm", "1,0,3"}, "--gemm"},
      {{"recommend", "--gemm", "1,2,3", "--transpose", "XY"}, "XY"},
      {{"recommend", "--gemm", "1,2,3", "--batch", "4"}, "--gemm"},
      {{"recommend", "--layers", "784", "--batch", "4"}, "needs from 2"},
      {{"recommend", "--layers", "784,0", "--batch", "4"}, "--layers"},
      {{"recommend", "--layers", "784,10", "--m", "3", "--batch", "4"}, "--layers goes with --batch"},
      {{"recommend", "--m", "1", "--n", "1", "--batch", "1", "--dtype", "f16"}, "f16"},
      {{"recommend", "--m", "1", "--n", "1", "--batch", "1", "--dtype", "c65"}, "c65"},
      {{"recommend", "--m", "1", "--n", "1", "--batch", "1", "--pass", "sideways"}, "sideways"},
      {{"recommend", "--m", "1", "--n", "1", "--batch", "1", "--layout", "heap"}, "heap"},
      {{"recommend", "--m", "1", "--n", "1", "--batch", "1", "--available", "0"}, "--available"},
      {{"tune", "--budget", "yes"}, "--budget"},
      {{"tune", "--budget", "-1s"}, "--budget"},
      {{"tune", "--dtype", "f32,f16"}, "f16"},
      {{"tune", "--threads", "0"}, "--threads"},
      {{"tune", "--threads", "999"}, "this process may use"},
      {{"show", "--pass", "up"}, "up"},
      {{"sweep"}, "--layers is missing"},
      {{"sweep", "--layers", "784,10", "--batches", "0"}, "--batches"},
      {{"sweep", "--layers", "784,10", "--repeat", "0"}, "--repeat"},
      {{"sweep", "--layers", "784,10", "--batches", "2000000000"}, "GiB"},
      {{"completion", "csh"}, "csh"},
      {{"topology", "--color", "pink"}, "pink"},
      {{"topology", "--config", "/dev/null"}, "/dev/null"},
  };
  for (const auto& one : cases) {
    const Ended ended = run(one.words);
    std::string words;
    for (const auto& word : one.words) words += word + " ";
    EXPECT_EQ(ended.status, 2) << words << ended.messages;
    EXPECT_EQ(ended.out, "") << words;
    EXPECT_NE(ended.messages.find(one.says), std::string::npos) << words << "said: " << ended.messages;
    EXPECT_EQ(ended.messages.find("Usage"), std::string::npos) << words;
    EXPECT_LE(std::ranges::count(ended.messages, '\n'), 2) << words;
  }
}

TEST_F(Program, RecommendPrintsOneIntegerAndEverythingElseElsewhere) {
  const std::string table = foreign_table();
  const Ended ended = run({"recommend", "--m", "784", "--n", "100", "--batch", "500", "--table", table});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.out, "8\n");
  EXPECT_NE(ended.messages.find("Imaginary 8000"), std::string::npos) << ended.messages;
  const Ended limited =
      run({"recommend", "--gemm", "100,500,784", "--available", "3", "--table", table, "--explain"});
  EXPECT_EQ(limited.out, "2\n");
  for (const auto* words : {"5 bursts", "sure", "--available 3", "the most that are allowed"}) {
    EXPECT_NE(limited.messages.find(words), std::string::npos) << words << " in " << limited.messages;
  }
  EXPECT_EQ(run({"recommend", "--m", "100", "--n", "50", "--batch", "8", "--table", table}).out, "1\n");
}

TEST_F(Program, RecommendAsJsonHasItsKeys) {
  const Ended ended =
      run({"recommend", "--gemm", "100,500,784", "--transpose", "NN", "--json", "--table", foreign_table()});
  ASSERT_EQ(ended.status, 0);
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["threads"], 8);
  EXPECT_EQ(json["basis"], "measured");
  EXPECT_EQ(json["default_threads"], 8);
  EXPECT_EQ(json["gemm"], Json::parse(R"({"dtype":"f64","transpose":"NN","m":100,"n":500,"k":784})"));
  EXPECT_EQ(json["build"]["version"], "0.3.21");
  EXPECT_TRUE(json["limit"].is_null());
  EXPECT_TRUE(json["present"].is_null());
  for (const auto* key : {"expected_seconds", "default_seconds", "confidence", "measured_unix"}) {
    EXPECT_TRUE(json[key].is_number()) << key;
  }
}

TEST_F(Program, RecommendForANetworkNamesEachLayerAndTheBestSingleCount) {
  const std::string table = foreign_table();
  const Ended text = run({"recommend", "--layers", "784,300,140", "--batch", "500", "--table", table});
  ASSERT_EQ(text.status, 0) << text.messages;
  EXPECT_NE(text.out.find("784 -> 300"), std::string::npos);
  EXPECT_NE(text.out.find("best single count"), std::string::npos);
  const Ended ended =
      run({"recommend", "--layers", "784,300,140", "--batch", "500", "--json", "--table", table});
  const Json json = Json::parse(ended.out);
  ASSERT_EQ(json["layers"].size(), 2U);
  EXPECT_EQ(json["best_single"]["threads"], 8);
  EXPECT_LE(json["pass_seconds"], json["best_single"]["pass_seconds"]);
  ASSERT_FALSE(json["single_counts"].empty());
  EXPECT_EQ(json["single_counts"].back(), json["best_single"]);
  EXPECT_EQ(json["single_counts"].front()["threads"], 1);
  EXPECT_NE(text.out.find("with   1 thread"), std::string::npos) << text.out;
}

TEST_F(Program, RecommendForNowLeavesToOthersWhatTheyUse) {
  ASSERT_EQ(run({"tune", "--budget", "500ms"}).status, 0);
  const std::vector<std::string> words{"recommend", "--gemm", "1000,1000,1000", "--now", "--no-measure"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), words.begin(), words.end());
    return more;
  };
  const KernelTree idle;
  idle.write("proc/stat", stat_text(0));
  environment_["BLASTUNE_KERNEL_ROOT"] = idle.root();
  const Json alone = Json::parse(run(with({"--json"})).out);
  EXPECT_EQ(alone["present"]["used_by_others"], 0);
  EXPECT_EQ(alone["present"]["available"], alone["limit"]);

  const KernelTree busy;
  environment_["BLASTUNE_KERNEL_ROOT"] = busy.root();
  const Looks looks(busy.root() + "/proc");
  looks.prepare(stat_text(0), stat_text(1e9));
  const Json beside = Json::parse(run(with({"--json", "--available", "3"})).out);
  EXPECT_EQ(beside["present"]["available"], 1);
  EXPECT_GE(beside["present"]["used_by_others"], 1);
  EXPECT_EQ(beside["limit"], 1);
  EXPECT_EQ(beside["threads"], 1);
  looks.prepare(stat_text(0), stat_text(1e9));
  const Ended explained = run(with({"--explain"}));
  EXPECT_EQ(explained.out, "1\n");
  EXPECT_NE(explained.messages.find("Now others use "), std::string::npos) << explained.messages;
  EXPECT_NE(explained.messages.find("which leaves 1."), std::string::npos) << explained.messages;
  looks.prepare(stat_text(0), stat_text(1e9));
  const Ended network =
      run({"recommend", "--layers", "784,100,50", "--batch", "512", "--now", "--no-measure", "--json"});
  ASSERT_EQ(network.status, 0) << network.messages;
  const Json passes = Json::parse(network.out);
  for (const Json& layer : passes["layers"]) EXPECT_EQ(layer["threads"], 1);
  EXPECT_EQ(passes["present"]["available"], 1);
}

TEST_F(Program, RecommendForNowSaysWhereItCannot) {
  const Ended foreign = run({"recommend", "--gemm", "100,500,784", "--now", "--table", foreign_table()});
  EXPECT_EQ(foreign.status, 2);
  EXPECT_EQ(foreign.out, "");
  EXPECT_NE(foreign.messages.find("--available"), std::string::npos) << foreign.messages;
  ASSERT_EQ(run({"tune", "--budget", "500ms"}).status, 0);
  environment_["BLASTUNE_KERNEL_ROOT"] = directory_.path() + "/nowhere";
  const Ended unseen = run({"recommend", "--gemm", "1000,1000,1000", "--now", "--no-measure"});
  EXPECT_EQ(unseen.status, 1);
  EXPECT_EQ(unseen.out, "");
  EXPECT_NE(unseen.messages.find("nowhere/proc/stat"), std::string::npos) << unseen.messages;
}

TEST_F(Program, WithoutATableItMeasuresKeepsAndAnswers) {
  const std::vector<std::string> words{"recommend", "--m", "784", "--n", "100", "--batch", "500"};
  const Ended first = run(words);
  EXPECT_EQ(first.status, 0) << first.messages;
  EXPECT_NE(first.messages.find("measuring it now"), std::string::npos) << first.messages;
  ASSERT_FALSE(first.out.empty());
  const Ended second = run(words);
  EXPECT_EQ(second.status, 0);
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(second.messages, "");
}

TEST_F(Program, WithoutATableAndWithoutMeasuringItEndsWithThree) {
  const Ended ended = run({"recommend", "--m", "784", "--n", "100", "--batch", "500", "--no-measure"});
  EXPECT_EQ(ended.status, 3);
  EXPECT_EQ(ended.out, "");
  EXPECT_NE(ended.messages.find("blastune tune"), std::string::npos);
  EXPECT_EQ(run({"show"}).status, 3);
}

TEST_F(Program, ATableOfAnotherMachineFoundByItselfEndsWithFour) {
  environment_["BLASTUNE_TABLE"] = foreign_table();
  EXPECT_EQ(run({"recommend", "--m", "784", "--n", "100", "--batch", "500", "--no-measure"}).status, 4);
  EXPECT_EQ(run({"show"}).status, 4);
}

TEST_F(Program, ABusyMachineStillGetsAnAnswerThatIsNotKept) {
  environment_["BLASTUNE_WORKER"] = STEADY_WORKER "_busy";
  const Ended ended = run({"recommend", "--m", "784", "--n", "100", "--batch", "500"});
  EXPECT_EQ(ended.status, 0) << ended.messages;
  EXPECT_FALSE(ended.out.empty());
  EXPECT_NE(ended.messages.find("busy"), std::string::npos) << ended.messages;
  EXPECT_FALSE(std::filesystem::exists(environment_["BLASTUNE_TABLE"]));
  EXPECT_EQ(run({"tune", "--budget", "300ms"}).status, 1);
}

TEST_F(Program, AWorkerThatBreaksIsAClearFailure) {
  environment_["BLASTUNE_WORKER"] = STEADY_WORKER "_broken";
  const Ended ended = run({"tune", "--budget", "300ms"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_FALSE(ended.messages.empty());
  EXPECT_FALSE(std::filesystem::exists(environment_["BLASTUNE_TABLE"]));
  environment_["BLASTUNE_WORKER"] = "/nonexistent/worker";
  EXPECT_EQ(run({"tune", "--budget", "300ms"}).status, 1);
}

TEST_F(Program, TuneKeepsATableThatShowAndRecommendAnswerFromAndASecondAddsToIt) {
  const Ended tuned = run({"tune", "--budget", "500ms", "--json"});
  ASSERT_EQ(tuned.status, 0) << tuned.messages;
  EXPECT_EQ(tuned.messages, "");
  const Json first = Json::parse(tuned.out);
  EXPECT_GT(first["curves"], 0);
  const Json second = Json::parse(run({"tune", "--budget", "500ms", "--json"}).out);
  EXPECT_GE(second["curves"], first["curves"]);
  EXPECT_GT(second["bursts"], 0);
  const Ended shown = run({"show", "--json", "--dtype", "f64", "--layers", "784,100,50,10"});
  ASSERT_EQ(shown.status, 0) << shown.messages;
  const Json table = Json::parse(shown.out);
  EXPECT_GT(table["measured_unix"], 1'700'000'000);
  EXPECT_EQ(table["checked_unix"], table["measured_unix"]);
  const Json& layers = table["layers"];
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_TRUE(layers[0]["critical_batches"].is_array());
  EXPECT_NE(run({"show"}).out.find("critical batch sizes"), std::string::npos);
  EXPECT_EQ(run({"recommend", "--m", "784", "--n", "100", "--batch", "777", "--no-measure"}).status, 0);
}

TEST_F(Program, ADamagedTableIsSetAsideAndToldOf) {
  const std::string path = environment_["BLASTUNE_TABLE"];
  std::ofstream(path) << "{ not a table";
  const Ended ended = run({"tune", "--budget", "300ms"});
  EXPECT_EQ(ended.status, 0) << ended.messages;
  EXPECT_NE(ended.messages.find("starting over"), std::string::npos) << ended.messages;
  EXPECT_TRUE(std::filesystem::exists(path + ".damaged"));
  EXPECT_EQ(run({"show"}).status, 0);
}

TEST_F(Program, WhatTheUserNamesAndIsNoTableIsLeftAlone) {
  const std::string path = directory_.write("notes.txt", "my notes");
  const Ended ended = run({"tune", "--budget", "300ms", "--output", path});
  EXPECT_EQ(ended.status, 1) << ended.messages;
  EXPECT_EQ(directory_.read("notes.txt"), "my notes");
  EXPECT_EQ(run({"tune", "--budget", "300ms", "--output", "/dev/null"}).status, 1);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(Program, AMultiplyTooLargeToMeasureIsMeasuredSmallerOnce) {
  const std::vector<std::string> words{"recommend", "--gemm", "10000,10000,10000"};
  const Ended first = run(words);
  EXPECT_EQ(first.status, 0) << first.messages;
  const Ended second = run(words);
  EXPECT_EQ(second.out, first.out);
  EXPECT_EQ(second.messages, "");
}

TEST_F(Program, LimitsAreReadAsTheLibrariesReadThem) {
  ASSERT_EQ(run({"tune", "--budget", "500ms"}).status, 0);
  for (const auto* text : {"1", " 1", "+1", "1abc", "1,2"}) {
    for (const auto* variable : {"OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "BLASTUNE_MAX_THREADS"}) {
      environment_[variable] = text;
      EXPECT_EQ(run({"recommend", "--gemm", "1000,1000,1000"}).out, "1\n") << variable << '=' << text;
      environment_.erase(variable);
    }
  }
}

TEST_F(Program, AnotherMachinesTopologyLimitsNothingHere) {
  environment_["HWLOC_SYNTHETIC"] = "pu:64";
  EXPECT_EQ(run({"sweep", "--layers", "784,10", "--threads", "64"}).status, 2);
  EXPECT_EQ(run({"recommend", "--gemm", "1000,1000,1000"}).status, 2);
}

TEST_F(Program, ATuneThatIsInterruptedKeepsWhatItMeasured) {
  environment_["BLASTUNE_WORKER"] = STEADY_WORKER "_interrupting";
  const Ended ended = run({"tune", "--budget", "60s"});
  EXPECT_EQ(ended.status, 130) << ended.messages;
  EXPECT_NE(ended.messages.find("interrupted"), std::string::npos);
  EXPECT_EQ(run({"show"}).status, 0);
}

TEST_F(Program, TwoTunesAtOnceDoNotLoseEachOthersWork) {
  auto held = FileLock::try_lock(environment_["BLASTUNE_TABLE"]);
  ASSERT_TRUE(held.ok());
  const Ended ended = run({"tune", "--budget", "300ms"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.messages.find(std::to_string(getpid())), std::string::npos) << ended.messages;
}

TEST_F(Program, APlaceThatCannotBeWrittenIsToldOfBeforeAnythingIsMeasured) {
  environment_["BLASTUNE_TABLE"] = "/proc/table.json";
  const Ended ended = run({"tune", "--budget", "60s"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_NE(ended.messages.find("/proc"), std::string::npos) << ended.messages;
  const Ended answered = run({"recommend", "--m", "784", "--n", "100", "--batch", "500"});
  EXPECT_EQ(answered.status, 0) << answered.messages;
  EXPECT_NE(answered.messages.find("could not be kept"), std::string::npos) << answered.messages;
}

TEST_F(Program, ALibraryWhoseCountCannotBeSetIsNotMeasured) {
  environment_["BLASTUNE_WORKER"] = STEADY_WORKER "_fixed";
  for (const char* verb : {"tune", "sweep"}) {
    std::vector<std::string> words = {verb};
    if (words.front() == "sweep") words.insert(words.end(), {"--layers", "784,10"});
    const Ended ended = run(words);
    EXPECT_EQ(ended.status, 1) << verb;
    EXPECT_NE(ended.messages.find("cannot be changed safely"), std::string::npos) << ended.messages;
    EXPECT_EQ(ended.out, "");
  }
}

TEST_F(Program, SweepPrintsARowForEachBatchAndWritesEveryCall) {
  const std::string csv = directory_.path() + "/calls.csv.gz";
  const Ended ended = run({"sweep", "--layers", "784,100,50,10", "--batches", "50,500", "--threads", "1",
                           "--repeat", "3", "--csv", csv});
  ASSERT_EQ(ended.status, 0) << ended.messages;
  EXPECT_NE(ended.out.find("1 thread"), std::string::npos) << ended.out;
  RealFileSystem files;
  const auto calls = read_measurements(files, csv);
  ASSERT_TRUE(calls.ok()) << calls.error().text();
  EXPECT_EQ(calls->size(), 2U * 3U * 3U);
  const Ended json =
      run({"sweep", "--layers", "784,10", "--batches", "500", "--threads", "1", "--repeat", "2", "--json"});
  EXPECT_EQ(Json::parse(json.out)["batches"][0]["counts"][0]["passes"], 2);
}

TEST_F(Program, AFullDiskIsNoAnswer) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  Command command =
      prepared({"recommend", "--m", "784", "--n", "100", "--batch", "500", "--table", foreign_table()});
  command.out_file = "/dev/full";
  EXPECT_EQ(run_program(command).status, 1);
  command = prepared({"--version"});
  command.out_file = "/dev/full";
  EXPECT_EQ(run_program(command).status, 1);
}

TEST_F(Program, ColourOnlyWhereItIsWanted) {
  const std::vector<std::string> words{"show", "--table", foreign_table()};
  EXPECT_EQ(run(words).out.find('\033'), std::string::npos);
  environment_["CLICOLOR_FORCE"] = "1";
  EXPECT_NE(run(words).out.find('\033'), std::string::npos);
  environment_["NO_COLOR"] = "1";
  EXPECT_EQ(run(words).out.find('\033'), std::string::npos);
  auto always = words;
  always.insert(always.end(), {"--color", "always"});
  EXPECT_NE(run(always).out.find('\033'), std::string::npos);
}

TEST_F(Program, CompletionAndTopologyAnswer) {
  EXPECT_NE(run({"completion", "bash"}).out.find("complete"), std::string::npos);
  environment_["HWLOC_SYNTHETIC"] = "pack:2 l3:4 core:6 pu:2";
  const Ended ended = run({"topology", "--json"});
  ASSERT_EQ(ended.status, 0) << ended.messages;
  EXPECT_EQ(Json::parse(ended.out)["capacity"]["threads"], 96);
  EXPECT_EQ(run({"tune"}).status, 2);
  environment_["HWLOC_SYNTHETIC"] = "nonsense:;";
  EXPECT_EQ(run({"topology"}).status, 2);
}

}  // namespace
}  // namespace blastune::testing
