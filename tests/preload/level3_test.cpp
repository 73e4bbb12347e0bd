// SPDX-License-Identifier: BSD-3-Clause
//
// The level-3 routines besides gemm, in programs that know nothing of blastune. calls_level3.c says of each
// call what kind it is.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/client/loaded_blas.h"
#include "tests/preload/preloaded.h"

namespace blastune::testing {
namespace {

std::string level3(const std::string& name) {
  return spy_module("level3", name);
}

// Everything but the small ones that calls_level3.c asks for, as the gemm that it is asked as.
std::vector<Gemm> known_gemms(DType dtype) {
  constexpr auto none = Transpose::none;
  std::vector<Gemm> gemms{{dtype, none, none, 100, 500, 100}, {dtype, none, none, 100, 500, 500}};
  std::vector<Transpose> others{Transpose::transposed};
  if (is_complex(dtype)) {
    gemms.push_back({dtype, none, none, 100, 500, 784});
    others.push_back(Transpose::conjugated);
  }
  for (const Transpose other : others) {
    for (const std::int64_t n : {51, 101}) {
      gemms.push_back({dtype, none, other, 101, n, 784});
      gemms.push_back({dtype, other, none, 101, n, 784});
    }
  }
  return gemms;
}

constexpr auto dtypes = {DType::f32, DType::f64, DType::c64, DType::c128};

// Two threads are the fastest for what is known, which is neither what small ones get nor the program's
// count.
constexpr int advised = 2;

Table table_for(const Build& build, const std::vector<DType>& of) {
  Table table = make_table(build, advised);
  for (const DType dtype : of)
    for (const Gemm& gemm : known_gemms(dtype)) table.add(make_curve(gemm, advised));
  return table;
}

void expect_counts(const std::vector<std::string>& lines, const std::map<std::string, int>& counts) {
  std::map<std::string, int> seen;
  for (const std::string& line : lines) {
    const std::string kind = line.substr(0, line.find_first_of(" :"));
    ++seen[kind];
    ASSERT_TRUE(counts.contains(kind)) << line;
    EXPECT_EQ(threads_of(line), std::to_string(counts.at(kind)) + (kind.empty() ? "" : " threads")) << line;
  }
  // Six of symm's kind, of syrk's and of syr2k's, and two of gemm3m's.
  EXPECT_EQ(seen, (std::map<std::string, int>{{"known", 6 * 6 + 6 * 6 + 6 * 5 + 2 * 3},
                                              {"small", 6 * 2 + 6 * 2 + 6 * 1},
                                              {"refused", 6 * 5 + 6 * 5 + 6 * 3 + 2 * 1},
                                              {"afterwards", 1}}));
}

std::string without_count(const std::string& line) {
  return line.substr(0, line.rfind(':'));
}

class Level3 : public Preload {};
class Level3Names : public Preload, public ::testing::WithParamInterface<const char*> {};

TEST_P(Level3Names, EachRunsWithTheCountOfItsGemm) {
  save({table_for(LoadedBlas(spy(GetParam())).build(), dtypes)}, table_);
  const Said said = run({level3(GetParam())});
  expect_counts(said.lines,
                {{"known", advised}, {"small", 1}, {"refused", users_count}, {"afterwards", users_count}});
  EXPECT_EQ(said.messages, "");
  // What the library gets is what the program gave.
  environment_["LD_PRELOAD"] = "";
  const Said without = run({level3(GetParam())});
  ASSERT_EQ(without.lines.size(), said.lines.size());
  for (std::size_t i = 0; i < said.lines.size(); ++i)
    EXPECT_EQ(without_count(said.lines[i]), without_count(without.lines[i]));
}

INSTANTIATE_TEST_SUITE_P(All, Level3Names, ::testing::ValuesIn(affixes),
                         [](const auto& name) { return std::string("of_") + name.param; });

// By name, so that no wrong gemm can pass for having the same count.
TEST_F(Level3, EachIsAskedAsItsGemm) {
  save({table_for(LoadedBlas(spy("plain")).build(), dtypes)}, table_);
  environment_["BLASTUNE_LOG"] = "2";
  std::istringstream messages(run({level3("plain")}).messages);
  std::set<std::string> asked;
  for (std::string line; std::getline(messages, line);) {
    for (const char* dtype : {"f32 ", "f64 ", "c64 ", "c128 "}) {
      const std::size_t at = line.find(dtype);
      if (at != std::string::npos) asked.insert(line.substr(at, line.find(':', at) - at));
    }
  }
  std::set<std::string> expected;
  for (const DType dtype : dtypes) {
    for (const Gemm& gemm : known_gemms(dtype)) expected.insert(describe(gemm));
  }
  EXPECT_EQ(asked, expected);
}

// No curve says it, and it holds all the same.
TEST_F(Level3, SmallOnesGetOneThreadWhateverTheTableKnows) {
  save({make_table(LoadedBlas(spy("plain")).build(), advised)}, table_);
  int small = 0;
  int without_curves = 0;
  for (const std::string& line : run({level3("plain")}).lines) {
    if (line.starts_with("small ")) {
      ++small;
      EXPECT_EQ(threads_of(line), "1 threads") << line;
    }
    // Of this type there is no curve at all.
    if (line.starts_with("known cblas_z")) {
      ++without_curves;
      EXPECT_EQ(threads_of(line), std::to_string(limited_count()) + " threads") << line;
    }
  }
  EXPECT_GT(small, 0);
  EXPECT_GT(without_curves, 0);
}

TEST_F(Level3, WithoutATableLimitsHoldAndSwitchedOffNothingHappens) {
  expect_counts(
      run({level3("plain")}).lines,
      {{"known", limited_count()}, {"small", 1}, {"refused", users_count}, {"afterwards", users_count}});
  const std::map<std::string, int> untouched{
      {"known", users_count}, {"small", users_count}, {"refused", users_count}, {"afterwards", users_count}};
  save({table_for(LoadedBlas(spy("plain")).build(), dtypes)}, table_);
  environment_["BLASTUNE_DISABLE"] = "1";
  expect_counts(run({level3("plain")}).lines, untouched);
  environment_["BLASTUNE_DISABLE"] = "0";
  expect_counts(run({level3("impostor")}).lines, untouched);
}

#ifdef BLASTUNE_TEST_NUMPY
// NumPy makes syrk of a matrix and its own transpose, and loads its OpenBLAS for itself.
TEST_F(Level3, NumPysProductWithItsOwnTransposeIsCaught) {
  // Which would make it another one here than there.
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) ::unsetenv(name);
  Tables tables;
  for (const char* flavour : {"pthread", "openmp"}) {
    Table table = make_table(LoadedBlas(debian_library(flavour)).build(), 1);
    // As the half that syrk makes; the whole gemm has another count.
    table.add(make_curve({DType::f64, Transpose::transposed, Transpose::none, 500, 250, 784}, 1));
    table.add(make_curve({DType::f64, Transpose::transposed, Transpose::none, 500, 500, 784}, 2));
    tables.push_back(table);
  }
  save(tables, table_);
  environment_["BLASTUNE_LOG"] = "2";
  const Said said = run_command({"/usr/bin/python3", "-c",
                                 "import numpy\n"
                                 "a = numpy.ones((500, 784))\n"
                                 "print(numpy.all(a @ a.T == 784))\n"});
  EXPECT_EQ(said.lines, std::vector<std::string>{"True"});
  EXPECT_NE(said.messages.find("f64 TN 500x250x784: 1 thread"), std::string::npos) << said.messages;
  EXPECT_EQ(said.messages.find("500x500x784"), std::string::npos) << said.messages;
}
#endif

}  // namespace
}  // namespace blastune::testing
