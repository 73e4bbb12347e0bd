// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune run --stats` from outside: what is told is what the programs did.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/cli/run_program.h"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"
#include "tests/preload/preloaded.h"

namespace blastune::testing {
namespace {

using Json = nlohmann::json;

std::string calls(const std::string& name) {
  return std::string(BLASTUNE_TEST_PRELOAD_DIR) + "/libcalls_" + name + ".so";
}

class RunStats : public ::testing::Test {
 protected:
  Ended run(std::vector<std::string> words, const std::string& option) {
    std::vector<std::string> all = {BLASTUNE_PROGRAM, "run"};
    if (!option.empty()) all.push_back(option);
    all.emplace_back("--");
    all.insert(all.end(), words.begin(), words.end());
    return run_program({std::move(all), environment_, ""});
  }

  // What each process told.
  std::vector<Json> told(std::vector<std::string> words) {
    const Ended ended = run(std::move(words), "--stats=" + file_);
    EXPECT_EQ(ended.status, 0) << ended.messages;
    EXPECT_EQ(ended.messages, "");
    out_ = ended.out;
    return lines();
  }
  std::vector<Json> lines() {
    std::istringstream text(contents(file_));
    std::vector<Json> all;
    for (std::string line; std::getline(text, line);) {
      EXPECT_TRUE(Json::accept(line)) << line;
      if (Json::accept(line)) all.push_back(Json::parse(line));
    }
    return all;
  }

  // Of host.c and what it starts.
  static const Json* shape(const Json& process, const std::string& routine, bool has_sizes = true) {
    for (const Json& each : process["shapes"]) {
      if (each["routine"] == routine && each.contains("m") == has_sizes) return &each;
    }
    ADD_FAILURE() << routine << " is not in " << process;
    static const Json nothing;
    return &nothing;
  }

  void save_for(const std::string& name, int fastest) {
    save({make_table(LoadedBlas(spy(name)).build(), fastest)}, table_);
  }

  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
  std::string file_ = directory_.file("stats.jsonl");
  std::string out_;
  std::map<std::string, std::string> environment_{{"BLASTUNE_TABLE", table_},
                                                  {"BLASTUNE_LOAD", "0"},
                                                  {"PATH", "/usr/bin:/bin"},
                                                  {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
};

// calls.c once: three calls that the table answers, six of types that it lacks, two that are refused, and one
// with nothing to multiply.
void expect_one_round(const Json& process, std::uint64_t rounds) {
  EXPECT_EQ(process["schema"], 1);
  EXPECT_EQ(process["calls"], 12 * rounds) << process;
  EXPECT_EQ(process["advised"], 3 * rounds) << process;
  EXPECT_EQ(process["limits_only"], Json({{"not_in_table", 6 * rounds}})) << process;
  EXPECT_EQ(process["left_alone"], Json({{"refused", 2 * rounds}, {"one_thread_anyway", rounds}})) << process;
  EXPECT_EQ(process["further_shapes"]["calls"], 0);
  EXPECT_GT(process["seconds"].get<double>(), 0);
}

TEST_F(RunStats, EachKindOfCallIsCounted) {
  for (const char* name : {"plain", "wide", "64_", "scipy__64"}) {
    save_for(name, 1);
    const std::vector<Json> all = told({BLASTUNE_TEST_HOST, calls(name)});
    ASSERT_EQ(all.size(), 1U);
    expect_one_round(all[0], 1);
    EXPECT_EQ(all[0]["program"], std::filesystem::canonical(BLASTUNE_TEST_HOST).string());
    // Both interfaces and both orders are one.
    const Json& advised = *shape(all[0], "dgemm");
    EXPECT_EQ(advised["dtype"], "f64");
    EXPECT_EQ(advised["transpose"], "NN");
    EXPECT_EQ(advised["m"], 100);
    EXPECT_EQ(advised["n"], 500);
    EXPECT_EQ(advised["k"], 784);
    EXPECT_EQ(advised["calls"], 3);
    EXPECT_EQ(advised["advised"], 1);
    EXPECT_EQ(advised["basis"], "measured");
    EXPECT_EQ(advised["threads"], Json({{"1", 3}}));
    EXPECT_FALSE(advised.contains("why"));
    // What the program set holds, within its limits, for those that the table says nothing of.
    const Json& unknown = *shape(all[0], "sgemm");
    EXPECT_EQ(unknown["calls"], 2);
    EXPECT_EQ(unknown["threads"], Json({{std::to_string(limited_count()), 2}}));
    EXPECT_EQ(unknown["limits_only"], 2);
    EXPECT_EQ(unknown["why"], "not_in_table");
    EXPECT_EQ(shape(all[0], "dgemm", false)->at("why_left_alone"), "refused");
    std::filesystem::remove(file_);
  }
}

TEST_F(RunStats, WhatIsSavedIsWhatTheTableExpects) {
  save_for("plain", 1);
  const Json told_once = told({BLASTUNE_TEST_HOST, calls("plain")}).at(0);
  const Json& advised = *shape(told_once, "dgemm");
  EXPECT_NEAR(advised["expected_seconds"].get<double>(), 1e-3, 1e-6);
  // On one processor the library has no other choice. Elsewhere, it is what was measured, brought towards
  // what is known of scaling.
  const auto by_default = advised["default_seconds"].get<double>();
  EXPECT_GT(by_default, advised["limit"] == 1 ? 0.99e-3 : 1.5e-3);
  EXPECT_LT(by_default, advised["limit"] == 1 ? 1.01e-3 : 2.01e-3);
  EXPECT_NEAR(told_once["saved_seconds"].get<double>(), 3 * (by_default - 1e-3), 1e-5);
}

TEST_F(RunStats, CountsAreThoseThatTheLibraryHad) {
  for (const int fastest : {1, 2, 3}) {
    save_for("plain", fastest);
    std::filesystem::remove(file_);
    const Json process = told({BLASTUNE_TEST_HOST, "thread", calls("plain")}).at(0);
    std::map<std::string, int> said;
    std::istringstream out(out_);
    for (std::string line; std::getline(out, line);) {
      // Refused ones have sizes or letters of their own.
      const bool is_advised = line.starts_with("cblas_dgemm 102 111 111 100 500 784 100 ") ||
                              line.starts_with("cblas_dgemm 101 111 111 500 100 784 ") ||
                              line.starts_with("dgemm_ 11 78 78 ");
      if (!is_advised) continue;
      const std::size_t colon = line.rfind(": ");
      ++said[line.substr(colon + 2, line.find(' ', colon + 2) - colon - 2)];
    }
    EXPECT_EQ(shape(process, "dgemm")->at("threads"), Json(said)) << fastest;
    expect_one_round(process, 2);
  }
}

// The child of host.c ends by _exit(), as Python's do.
TEST_F(RunStats, AForkedChildTellsItsOwnAndNothingTwice) {
  save_for("plain", 1);
  const std::vector<Json> all = told({BLASTUNE_TEST_HOST, "thread", "fork", calls("plain")});
  ASSERT_EQ(all.size(), 2U);
  const bool is_child_first = all[0]["parent"] == all[1]["process"];
  const Json& child = all[is_child_first ? 0 : 1];
  const Json& parent = all[is_child_first ? 1 : 0];
  EXPECT_EQ(child["parent"], parent["process"]);
  expect_one_round(child, 1);
  expect_one_round(parent, 2);
}

TEST_F(RunStats, ReasonsAreTold) {
  const auto process = [&](const std::string& name) {
    std::filesystem::remove(file_);
    return told({BLASTUNE_TEST_HOST, calls(name)}).at(0);
  };
  const auto expect_limits_only = [&](const char* why) {
    const Json said = process("plain");
    EXPECT_EQ(said["limits_only"], Json({{why, 9}})) << said;
    EXPECT_EQ(said["left_alone"], Json({{"refused", 2}, {"one_thread_anyway", 1}})) << said;
  };
  expect_limits_only("no_table");
  std::ofstream(table_) << "damaged";
  expect_limits_only("bad_table");
  save_for("other", 1);
  expect_limits_only("foreign_build");
  Table foreign = make_table(LoadedBlas(spy("plain")).build(), 1);
  foreign.machine.cpu_model += " of somebody else";
  save({foreign}, table_);
  expect_limits_only("foreign_machine");
  save_for("plain", 1);
  EXPECT_EQ(process("impostor")["left_alone"], Json({{"no_openblas", 12}}));
  environment_["BLASTUNE_DISABLE"] = "1";
  EXPECT_EQ(process("plain")["left_alone"], Json({{"disabled", 12}}));
}

TEST_F(RunStats, WithoutTheOptionNothingIsToldAndWithItThereIsATable) {
  save_for("plain", 1);
  EXPECT_EQ(run({BLASTUNE_TEST_HOST, calls("plain")}, "").messages, "");
  const Ended ended = run({BLASTUNE_TEST_HOST, calls("plain")}, "--stats");
  EXPECT_EQ(ended.status, 0);
  EXPECT_NE(ended.messages.find("12 calls in "), std::string::npos) << ended.messages;
  EXPECT_NE(ended.messages.find("3 with advice"), std::string::npos) << ended.messages;
  EXPECT_NE(ended.messages.find("NN 100x500x784"), std::string::npos) << ended.messages;
  EXPECT_NE(ended.messages.find("6 calls with limits only: the table has no such type"), std::string::npos)
      << ended.messages;
  // The program's own output is what it was.
  EXPECT_EQ(ended.out, run({BLASTUNE_TEST_HOST, calls("plain")}, "").out);
}

// Of many small programs that a script starts there is nothing to say, but of the one that was asked for.
TEST_F(RunStats, OnStandardErrorOnlyTheOneThatWasNamedSaysThatItDidNothing) {
  const Ended ended = run({"sh", "-c", "sh -c :; sh -c :"}, "--stats");
  EXPECT_EQ(std::ranges::count(ended.messages, '\n'), 1) << ended.messages;
  EXPECT_NE(ended.messages.find("no call to OpenBLAS was seen"), std::string::npos) << ended.messages;
  EXPECT_EQ(told({"sh", "-c", "sh -c :; sh -c :; exit 0"}).size(), 3U);
}

TEST_F(RunStats, AFileIsAddedToAndFoundAgainFromWhereRunWasStarted) {
  save_for("plain", 1);
  std::ofstream(file_) << "{\"of\":\"somebody else\"}\n";
  environment_["FILE"] = "stats.jsonl";
  const std::string start = "cd " + directory_.file("") + " && exec " + std::string(BLASTUNE_PROGRAM) +
                            " run --stats=$FILE -- sh -c 'cd / && exec \"$@\"' sh " + BLASTUNE_TEST_HOST +
                            " " + calls("plain");
  const Ended ended = run_program({{"/bin/sh", "-c", start}, environment_, ""});
  EXPECT_EQ(ended.status, 0) << ended.messages;
  const std::vector<Json> all = lines();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["of"], "somebody else");
  expect_one_round(all[1], 1);
}

TEST_F(RunStats, AFileThatCannotBeWrittenIsToldBeforeTheProgramStarts) {
  for (const std::string& file : {directory_.file("nowhere/at-all"), directory_.file("")}) {
    const Ended ended = run({"/bin/echo", "started"}, "--stats=" + file);
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.out, "");
    EXPECT_NE(ended.messages.find("cannot write statistics"), std::string::npos) << ended.messages;
    EXPECT_NE(ended.messages.find("--stats alone"), std::string::npos) << ended.messages;
  }
}

// What happens to the file later is no matter of the program's.
TEST_F(RunStats, AFileThatCannotBeWrittenAnyMoreIsPassedOver) {
  save_for("plain", 1);
  const std::string below = directory_.file("below");
  std::filesystem::create_directory(below);
  const Ended ended =
      run({"sh", "-c", "rm -r \"$1\" && exec \"$2\" \"$3\"", "sh", below, BLASTUNE_TEST_HOST, calls("plain")},
          "--stats=" + below + "/stats.jsonl");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.messages, "");
  EXPECT_EQ(std::ranges::count(ended.out, '\n'), 13);
  EXPECT_FALSE(std::filesystem::exists(below));
}

TEST_F(RunStats, EndsAsTheProgramDoesWhereNobodyReadsOrNothingMayBeWritten) {
  save_for("plain", 1);
  // A pipe whose reader is gone: the signal for it would end the program.
  const std::string piped =
      "exec 3>&1; { " + std::string(BLASTUNE_PROGRAM) + " run --stats -- sh -c 'sleep 0.2; " +
      BLASTUNE_TEST_HOST + " " + calls("plain") +
      " >/dev/null; echo status $? >&3; exit 7' 2>&1 >/dev/null; echo then $? >&3; } | true";
  const Ended ended = run_program({{"/bin/sh", "-c", piped}, environment_, ""});
  EXPECT_NE(ended.out.find("status 0\nthen 7\n"), std::string::npos) << ended.out << ended.messages;
  const std::string limited = "ulimit -f 0; exec \"$@\" >/dev/null";
  const Ended full = run({"sh", "-c", limited, "sh", BLASTUNE_TEST_HOST, calls("plain")}, "--stats=" + file_);
  EXPECT_EQ(full.status, 0);
  EXPECT_EQ(contents(file_), "");
}

TEST_F(RunStats, ChildrenThatAreNotGivenTheLibraryTellNothing) {
  const Ended ended = run_program(
      {{BLASTUNE_PROGRAM, "run", "--no-inherit", "--stats=" + file_, "sh", "-c", "sh -c :; exit 0"},
       environment_,
       ""});
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(lines().size(), 1U);
}

// A relative path in the variable could mean another file in each process.
TEST_F(RunStats, TheVariableAloneDoesItToo) {
  save_for("plain", 1);
  environment_["LD_PRELOAD"] = BLASTUNE_TEST_PRELOAD;
  environment_["BLASTUNE_STATS"] = file_;
  EXPECT_EQ(run_program({{BLASTUNE_TEST_HOST, calls("plain")}, environment_, ""}).messages, "");
  expect_one_round(lines().at(0), 1);
  std::filesystem::remove(file_);
  environment_["BLASTUNE_STATS"] = "stats.jsonl";
  EXPECT_EQ(run_program({{BLASTUNE_TEST_HOST, calls("plain")}, environment_, ""}).messages, "");
  EXPECT_FALSE(std::filesystem::exists("stats.jsonl"));
}

TEST_F(RunStats, ManyProcessesDoNotMixTheirLines) {
  save_for("plain", 1);
  std::string many;
  for (int i = 0; i < 20; ++i)
    many += std::string(BLASTUNE_TEST_HOST) + " fork " + calls("plain") + " >/dev/null & ";
  const std::vector<Json> all = told({"sh", "-c", many + "wait; exit 0"});
  std::uint64_t rounds = 0;
  for (const Json& process : all) {
    if (process["calls"] == 0) continue;
    expect_one_round(process, 1);
    ++rounds;
  }
  EXPECT_EQ(rounds, 40U);
}

#ifdef BLASTUNE_TEST_NUMPY
// It may be a file of its own that has the number of standard error by then.
TEST_F(RunStats, NothingIsWrittenIntoWhatTookThePlaceOfStandardError) {
  save_for("plain", 1);
  const std::string own = directory_.file("own");
  const Ended ended = run({"/usr/bin/python3", "-c",
                           "import os, sys\n"
                           "os.dup2(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT), 2)\n",
                           own},
                          "--stats");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(contents(own), "");
}

// Debian's LAPACK is a file of its own, which uses its OpenBLAS's threads without a name of BLAS.
TEST_F(RunStats, FactorisationsOfNumPyAreCaught) {
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) ::unsetenv(name);
  const std::vector<Json> all = told({"/usr/bin/python3", "-c",
                                      "import numpy\n"
                                      "a = numpy.eye(300) * 4 + 1\n"
                                      "numpy.linalg.solve(a, a)\n"
                                      "numpy.linalg.cholesky(a)\n"});
  ASSERT_EQ(all.size(), 1U);
  for (const char* routine : {"dgesv", "dpotrf"})
    EXPECT_EQ((*shape(all[0], routine, false))["calls"], 1) << all[0];
}

// Which os._exit() is, as any C program may call it; the child of a vfork() has its parent's memory.
TEST_F(RunStats, EveryEndThatIsNotAKillIsTold) {
  struct End {
    const char* how;
    int status;
    std::size_t lines;
  };
  for (const End& end :
       {End{"sys.exit(3)", 3, 1}, End{"os._exit(4)", 4, 1}, End{"ctypes.CDLL(None)._Exit(5)", 5, 1},
        End{"ctypes.CDLL(None).quick_exit(6)", 6, 1}, End{"os.kill(os.getpid(), 9)", 137, 0},
        End{"os.abort()", 134, 0}, End{"os.execv('/bin/sh', ['sh', '-c', 'kill -9 $$'])", 137, 0}}) {
    std::filesystem::remove(file_);
    const Ended ended = run({"/usr/bin/python3", "-c", std::string("import ctypes, os, sys\n") + end.how},
                            "--stats=" + file_);
    EXPECT_EQ(ended.status, end.status) << end.how;
    EXPECT_EQ(lines().size(), end.lines) << end.how;
  }
}

TEST_F(RunStats, ErrnoIsLeftAsItWas) {
  save_for("plain", 1);
  const std::string program =
      "import ctypes, sys\n"
      "blas = ctypes.CDLL(sys.argv[1])\n"
      "call = ctypes.CDLL(None, use_errno=True).cblas_dgemm\n"
      "for k in 784, 784, 8, 0:\n"
      "    ctypes.set_errno(77)\n"
      "    call(102, 111, 111, 100, 500, k, ctypes.c_double(1), None, 100, None, 784, ctypes.c_double(0), "
      "None, 100)\n"
      "    assert ctypes.get_errno() == 77, (k, ctypes.get_errno())\n";
  const std::vector<Json> all = told({"/usr/bin/python3", "-c", program, spy("plain")});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["calls"], 4);
  EXPECT_EQ(all[0]["advised"], 3) << all[0];
}

TEST_F(RunStats, AChildOnItsParentsMemoryTellsNothingAndTakesNothing) {
  const std::string program =
      "import ctypes, os\n"
      "libc = ctypes.CDLL(None)\n"
      // As much of vfork() as can be had from here: the memory is one, and the parent waits.
      "stack = ctypes.create_string_buffer(1 << 20)\n"
      "function = ctypes.cast(libc._exit, ctypes.c_void_p)\n"
      "top = ctypes.c_void_p((ctypes.addressof(stack) + len(stack)) & ~15)\n"
      "CLONE_VM, CLONE_VFORK, SIGCHLD = 0x100, 0x4000, 17\n"
      "child = libc.clone(function, top, CLONE_VM | CLONE_VFORK | SIGCHLD, ctypes.c_void_p(9))\n"
      "assert child > 0 and os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9\n"
      "print(os.getpid())\n";
  const std::vector<Json> all = told({"/usr/bin/python3", "-c", program});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(std::to_string(all[0]["process"].get<int>()) + "\n", out_);
}

TEST_F(RunStats, NumPysCallsInThreadsAndInProcesses) {
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) ::unsetenv(name);
  Tables tables;
  for (const char* flavour : {"pthread", "openmp"})
    tables.push_back(make_table(LoadedBlas(debian_library(flavour)).build(), 1));
  save(tables, table_);
  const std::string program = directory_.file("program.py");
  std::ofstream(program) << "import multiprocessing, threading, numpy\n"
                            "def work(times):\n"
                            "    a, b = numpy.ones((500, 784)), numpy.ones((784, 100))\n"
                            "    for _ in range(times): a @ b\n"
                            "work(3)\n"
                            "threads = [threading.Thread(target=work, args=(4,)) for _ in range(3)]\n"
                            "for each in threads: each.start()\n"
                            "for each in threads: each.join()\n"
                            "context = multiprocessing.get_context('fork')\n"
                            "processes = [context.Process(target=work, args=(5 + i,)) for i in range(2)]\n"
                            "for each in processes: each.start()\n"
                            "for each in processes: each.join()\n";
  std::vector<std::uint64_t> counts;
  for (const Json& process : told({"/usr/bin/python3", program})) {
    // Beside the one of two small vectors that NumPy tries when it is imported.
    EXPECT_EQ((*shape(process, "dgemm"))["calls"], process["advised"]) << process;
    // By row: what OpenBLAS sees is the transposed product.
    const Json& product = *shape(process, "dgemm");
    EXPECT_EQ(product["m"], 100);
    EXPECT_EQ(product["n"], 500);
    EXPECT_EQ(product["k"], 784);
    EXPECT_EQ(product["threads"], Json({{"1", product["calls"]}}));
    counts.push_back(product["calls"].get<std::uint64_t>());
  }
  std::ranges::sort(counts);
  EXPECT_EQ(counts, (std::vector<std::uint64_t>{5, 6, 15}));
}
#endif

}  // namespace
}  // namespace blastune::testing
