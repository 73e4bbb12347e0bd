// SPDX-License-Identifier: BSD-3-Clause
//
// Programs that know nothing of blastune, with libblastune-preload.so put before their libraries.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"
#include "tests/preload/preloaded.h"

namespace blastune::testing {
namespace {

// The calls of calls.c that a table for f64 answers: by either interface and in either order.
bool is_known(const std::string& line) {
  return line.starts_with("cblas_dgemm 102 111 111 100 500 784 100 784 100 ") ||
         line.starts_with("cblas_dgemm 101 111 111 500 100 784 784 100 100 ") ||
         line.starts_with("dgemm_ 11 78 78 100 500 784 ");
}

std::string calls(const std::string& name) {
  return spy_module("calls", name);
}

// A gemm of another type, which the tables of these tests lack.
bool is_unknown(const std::string& line) {
  const std::size_t letter = line.starts_with("cblas_") ? 6 : 0;
  return line.find("gemm") == letter + 1 && line[letter] != 'd';
}

// Gemms that the table knows have the count that is its fastest. Those that it lacks are kept within their
// limits, unless something else is said. Whatever the library refuses is not touched.
void expect_counts(const std::vector<std::string>& lines, int fastest, int unknown = limited_count()) {
  EXPECT_EQ(lines.size() % 13, 0U);
  EXPECT_GE(lines.size(), 13U);
  EXPECT_EQ(std::ranges::count_if(lines, is_known) * 13, static_cast<std::ptrdiff_t>(3 * lines.size()));
  for (const std::string& line : lines) {
    const int expected = is_known(line) ? fastest : is_unknown(line) ? unknown : users_count;
    EXPECT_EQ(threads_of(line), std::to_string(expected) + " threads") << line;
  }
}

class PreloadNames : public Preload, public ::testing::WithParamInterface<const char*> {};

TEST_P(PreloadNames, EachGemmRunsWithTheAdvisedCount) {
  save({make_table(LoadedBlas(spy(GetParam())).build(), 1)}, table_);
  const Said said = run({calls(GetParam())});
  expect_counts(said.lines, 1);
  EXPECT_EQ(said.messages, "");
  // What the library gets is what the program gave.
  environment_["LD_PRELOAD"] = "";
  const Said without = run({calls(GetParam())});
  ASSERT_EQ(without.lines.size(), said.lines.size());
  for (std::size_t i = 0; i < said.lines.size(); ++i) {
    EXPECT_EQ(said.lines[i].substr(0, said.lines[i].rfind(':')),
              without.lines[i].substr(0, without.lines[i].rfind(':')));
  }
}

INSTANTIATE_TEST_SUITE_P(All, PreloadNames, ::testing::ValuesIn(affixes),
                         [](const auto& name) { return std::string("of_") + name.param; });

// A real library: nothing that is handed on may be out of its place.
TEST_F(Preload, EveryRoutineComputesWhatItDoesWithout) {
  // Which makes the library the same one there as here.
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) {
    if (const char* value = std::getenv(name)) environment_[name] = value;
  }
  for (const char* flavour : {"pthread", "openmp"}) {
    const std::string library = debian_library(flavour, "libopenblas.so.0");
    ASSERT_FALSE(library.empty()) << "install libopenblas0-" << flavour;
    environment_["LD_LIBRARY_PATH"] = library.substr(0, library.rfind('/'));
    save({make_table(LoadedBlas(library).build(), 1)}, table_);
    environment_["LD_PRELOAD"] = "";
    environment_["OPENBLAS_NUM_THREADS"] = environment_["OMP_NUM_THREADS"] = "1";
    const Said without = run_command({BLASTUNE_TEST_ROUTINES});
    EXPECT_EQ(without.lines.size(), 2U * 21 + 2U * 30);
    environment_["LD_PRELOAD"] = BLASTUNE_TEST_PRELOAD;
    EXPECT_EQ(run_command({BLASTUNE_TEST_ROUTINES}).lines, without.lines) << flavour;
  }
}

TEST_F(Preload, AProgramThatIsLinkedWithItsBlasItself) {
  save({make_table(LoadedBlas(spy("plain")).build(), 1)}, table_);
  expect_counts(run_command({BLASTUNE_TEST_LINKED_PROGRAM}).lines, 1);
}

TEST_F(Preload, EachOfSeveralHasItsOwnAdvice) {
  save({make_table(LoadedBlas(spy("plain")).build(), 1), make_table(LoadedBlas(spy("other")).build(), 2)},
       table_);
  for (const auto& order : {std::vector<std::string>{"plain", "other"}, {"other", "plain"}}) {
    const std::vector<std::string> lines = run({calls(order[0]), calls(order[1])}).lines;
    ASSERT_EQ(lines.size(), 26U);
    expect_counts({lines.begin(), lines.begin() + 13}, order[0] == "plain" ? 1 : 2);
    expect_counts({lines.begin() + 13, lines.end()}, order[1] == "plain" ? 1 : 2);
  }
}

TEST_F(Preload, ThreadsAndChildrenGetTheSame) {
  save({make_table(LoadedBlas(spy("plain")).build(), 1)}, table_);
  const std::vector<std::string> lines = run({"fork", "thread", calls("plain")}).lines;
  EXPECT_EQ(lines.size(), 39U);
  expect_counts(lines, 1);
}

TEST_F(Preload, ModulesThatComeAndGo) {
  save({make_table(LoadedBlas(spy("plain")).build(), 1), make_table(LoadedBlas(spy("other")).build(), 2)},
       table_);
  const std::vector<std::string> lines =
      run({"unload", calls("plain"), calls("other"), calls("plain"), calls("other")}).lines;
  ASSERT_EQ(lines.size(), 52U);
  for (std::ptrdiff_t i = 0; i < 4; ++i)
    expect_counts({lines.begin() + i * 13, lines.begin() + (i + 1) * 13}, i % 2 == 0 ? 1 : 2);
}

TEST_F(Preload, WhatIsNoOpenBlasIsNotTouched) {
  save({make_table(LoadedBlas(spy("plain")).build(), 1)}, table_);
  expect_counts(run({calls("impostor")}).lines, users_count, users_count);
}

TEST_F(Preload, WithoutATableLimitsHoldAndSwitchedOffNothingHappens) {
  for (const char* text : {"", "damaged"}) {
    if (*text != '\0') std::ofstream(table_) << text;
    const Said said = run({calls("plain")});
    expect_counts(said.lines, limited_count());
    EXPECT_EQ(said.messages, "");
  }
  save({make_table(LoadedBlas(spy("plain")).build(), 1)}, table_);
  environment_["BLASTUNE_DISABLE"] = "1";
  expect_counts(run({calls("plain")}).lines, users_count, users_count);
  environment_["BLASTUNE_DISABLE"] = "0";
  environment_["BLASTUNE_MAX_THREADS"] = "2";
  save({make_table(LoadedBlas(spy("plain")).build(), 3)}, table_);
  for (const std::string& line : run({calls("plain")}).lines) {
    if (is_known(line)) {
      EXPECT_NE(threads_of(line), "3 threads");
    }
  }
}

TEST_F(Preload, AProgramWithoutBlasDoesNotNotice) {
  const Said said = run_command({"/bin/echo", "hello"});
  EXPECT_EQ(said.lines, std::vector<std::string>{"hello"});
  EXPECT_EQ(said.messages, "");
}

#ifdef BLASTUNE_TEST_NUMPY
// Python loads NumPy's extensions for themselves: OpenBLAS is in no global order.
TEST_F(Preload, NumPyMultipliesWithTheAdvisedCount) {
  // Which would make it another one here than there.
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) ::unsetenv(name);
  Tables tables;
  for (const char* flavour : {"pthread", "openmp"}) {
    const LoadedBlas blas(debian_library(flavour));
    tables.push_back(make_table(blas.build(), 1));
  }
  save(tables, table_);
  environment_["BLASTUNE_LOG"] = "2";
  const Said said = run_command({"/usr/bin/python3", "-c",
                                 "import numpy\n"
                                 "a, b = numpy.ones((500, 784)), numpy.full((784, 100), 2.0)\n"
                                 "print(numpy.all(a @ b == 1568), numpy.all(b.T @ a.T == 1568))\n"});
  EXPECT_EQ(said.lines, std::vector<std::string>{"True True"});
  // By row, as NumPy stores its matrices.
  EXPECT_NE(said.messages.find("f64 NN 100x500x784: 1 thread"), std::string::npos) << said.messages;
}
#endif

}  // namespace
}  // namespace blastune::testing
