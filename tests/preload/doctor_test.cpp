// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune doctor -- PROGRAM` from outside.
#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "tests/cli/run_program.h"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

namespace blastune::testing {
namespace {

using Json = nlohmann::json;

std::string built(const std::string& name) {
  return std::string(BLASTUNE_TEST_PRELOAD_DIR) + "/lib" + name + ".so";
}

class DoctorOfProgram : public ::testing::Test {
 protected:
  Ended doctor(std::vector<std::string> words) {
    words.insert(words.begin(), {BLASTUNE_PROGRAM, "doctor"});
    return run_program({std::move(words), environment_, ""});
  }
  Ended doctor_of_host(std::vector<std::string> words) {
    words.insert(words.begin(), {"--", BLASTUNE_TEST_HOST});
    return doctor(std::move(words));
  }
  void save_table_for(const std::string& spy) {
    save({make_table(LoadedBlas(built("spy_" + spy)).build(), 1)}, table_);
  }
  std::string write_program(const std::string& name, const std::string& bytes) {
    const std::string path = directory_.file(name);
    std::ofstream(path, std::ios::binary) << bytes;
    EXPECT_EQ(::chmod(path.c_str(), 0755), 0);
    return path;
  }

  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
  std::map<std::string, std::string> environment_{{"BLASTUNE_TABLE", table_},
                                                  {"BLASTUNE_LOAD", "0"},
                                                  {"TMPDIR", directory_.file("")},
                                                  {"PATH", "/usr/bin:/bin"},
                                                  {"ASAN_OPTIONS", "verify_asan_link_order=0"}};
};

void expect_says(const Ended& ended, const std::string& text) {
  EXPECT_NE(ended.out.find(text), std::string::npos) << "no \"" << text << "\" in\n"
                                                     << ended.out << ended.messages;
}

TEST_F(DoctorOfProgram, AllIsWellWhereCallsComeThroughAndThereIsAdvice) {
  save_table_for("plain");
  const Ended ended = doctor_of_host({built("calls_plain")});
  EXPECT_EQ(ended.status, 0) << ended.out;
  expect_says(ended, "OpenBLAS 0.3.21 pthread (Spy), 32-bit integers: " + built("spy_plain"));
  expect_says(ended, "12 gemms came through the preload library: from libcalls_plain.so");
  expect_says(ended, table_ + " has advice for it, from 1 measured gemm");
  // What the program says is not part of the report.
  EXPECT_EQ(ended.out.find("dgemm_ "), std::string::npos) << ended.out;
  EXPECT_NE(ended.messages.find("dgemm_ 11 78 78 100 500 784 100 784 100 2.5: 1 threads"), std::string::npos)
      << ended.messages;
  // Nothing is left behind.
  for (const auto& entry : std::filesystem::directory_iterator(directory_.file("")))
    EXPECT_EQ(entry.path().string().find("doctor"), std::string::npos) << entry.path();
}

TEST_F(DoctorOfProgram, AsJsonItHasItsKeys) {
  save_table_for("scipy_64_");
  const Ended ended = doctor({"--json", "--", BLASTUNE_TEST_HOST, built("calls_scipy_64_")});
  EXPECT_EQ(ended.status, 0) << ended.out;
  const Json json = Json::parse(ended.out);
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["command"], Json::array({BLASTUNE_TEST_HOST, built("calls_scipy_64_")}));
  EXPECT_EQ(json["program"], BLASTUNE_TEST_HOST);
  EXPECT_EQ(json["status"], 0);
  EXPECT_TRUE(json["signal"].is_null());
  EXPECT_EQ(json["interrupted"], false);
  ASSERT_EQ(json["programs"].size(), 1U);
  const Json& program = json["programs"][0];
  EXPECT_EQ(program["processes"], Json::array({json["process"]}));
  EXPECT_EQ(program["heard_to_the_end"], true);
  ASSERT_EQ(program["blas"].size(), 1U);
  const Json& blas = program["blas"][0];
  EXPECT_EQ(blas["openblas"], built("spy_scipy_64_"));
  EXPECT_EQ(blas["integer_bits"], 64);
  EXPECT_EQ(blas["prefix"], "scipy_");
  EXPECT_EQ(blas["suffix"], "64_");
  EXPECT_EQ(blas["count_can_be_set"], true);
  EXPECT_EQ(blas["advice"], "ready");
  EXPECT_EQ(blas["table"], table_);
  EXPECT_EQ(blas["callers"], Json::parse("[{\"path\":\"" + built("calls_scipy_64_") +
                                         "\",\"gemm_calls\":12,\"other_calls\":0}]"));
  for (const Json& finding : json["findings"]) {
    for (const char* key : {"severity", "topic", "text", "remedy"}) EXPECT_TRUE(finding.contains(key)) << key;
  }
}

TEST_F(DoctorOfProgram, WithoutATableOrSwitchedOffThereIsAProblem) {
  const Ended without = doctor_of_host({built("calls_plain")});
  EXPECT_EQ(without.status, 1);
  expect_says(without, "12 gemms came through");
  expect_says(without, "there is no advice for it");
  expect_says(without, "blastune tune");
  save_table_for("plain");
  environment_["BLASTUNE_DISABLE"] = "1";
  const Ended disabled = doctor_of_host({built("calls_plain")});
  EXPECT_EQ(disabled.status, 1);
  expect_says(disabled, "-> unset BLASTUNE_DISABLE");
}

TEST_F(DoctorOfProgram, WhatIsNoOpenBlasPassesUnchanged) {
  save_table_for("plain");
  const Ended ended = doctor_of_host({built("calls_impostor")});
  EXPECT_EQ(ended.status, 1);
  expect_says(ended,
              built("spy_impostor") + " is no OpenBLAS: 12 calls of libcalls_impostor.so passed through");
}

TEST_F(DoctorOfProgram, ALibraryThatIsNotCalledMayBeCaughtOrNot) {
  save_table_for("plain");
  const Ended caught = doctor_of_host({"only", built("calls_plain")});
  EXPECT_EQ(caught.status, 0) << caught.out;
  expect_says(caught, "it was not called; calls of libcalls_plain.so would come through");
  const Ended alone = doctor_of_host({"only", built("spy_plain")});
  EXPECT_EQ(alone.status, 1);
  expect_says(alone, "nothing that was loaded calls it by name");
}

TEST_F(DoctorOfProgram, AProgramThatIsLinkedWithItsBlasItself) {
  save_table_for("plain");
  const Ended ended = doctor({BLASTUNE_TEST_LINKED_PROGRAM});
  EXPECT_EQ(ended.status, 0) << ended.out;
  expect_says(ended, "12 gemms came through the preload library: from preload_linked_program");
}

TEST_F(DoctorOfProgram, ChildrenAreToldWithTheirOwnCalls) {
  save_table_for("plain");
  const Ended forked = doctor_of_host({"fork", built("calls_plain")});
  EXPECT_EQ(forked.status, 0) << forked.out;
  expect_says(forked, "preload_host, 2 processes (");
  // The child ends by _exit, and had told of 8 of its 12.
  expect_says(forked, "at least 20 gemms");
  const std::string linked = BLASTUNE_TEST_LINKED_PROGRAM;
  const Ended started = doctor({"--", "sh", "-c", linked + "; exit 3"});
  EXPECT_EQ(started.status, 0) << started.out;
  expect_says(started, "preload_linked_program, process ");
  expect_says(started, "it ended with status 3");
}

TEST_F(DoctorOfProgram, AKilledOneHasSaidWhatItDid) {
  save_table_for("plain");
  const Ended ended = doctor_of_host({"kill", built("calls_plain")});
  EXPECT_EQ(ended.status, 0) << ended.out;
  expect_says(ended, "ended by signal 9");
  expect_says(ended, "at least 8 gemms");
}

TEST_F(DoctorOfProgram, AnInterruptionEndsTheProgramAndNotTheReport) {
  save_table_for("plain");
  const std::string linked = BLASTUNE_TEST_LINKED_PROGRAM;
  const Ended ended = doctor({"--", "sh", "-c", linked + "; kill -INT $PPID; exec sleep 600"});
  EXPECT_EQ(ended.status, 0) << ended.out;
  expect_says(ended, "ended by Ctrl-C");
  expect_says(ended, "12 gemms");
}

TEST_F(DoctorOfProgram, WhatLoadsNothing) {
  const Ended ended = doctor({"echo", "hello"});
  EXPECT_EQ(ended.status, 1);
  EXPECT_EQ(ended.messages, "hello\n");
  expect_says(ended, "it loaded no BLAS");
}

TEST_F(DoctorOfProgram, WhatCannotBeRun) {
  for (const auto* name : {"/nowhere/at-all", "no-such-program-anywhere"}) {
    const Ended ended = doctor({"--", name});
    EXPECT_EQ(ended.status, 127);
    EXPECT_EQ(ended.out, "");
    EXPECT_NE(ended.messages.find(std::string("cannot run \"") + name), std::string::npos) << ended.messages;
  }
  EXPECT_EQ(doctor({"--", "/tmp"}).status, 126);
  EXPECT_EQ(doctor({"--blas", "x", "--", "true"}).status, 2);
  Elf32_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;
  header.e_machine = EM_SPARC;
  const Ended ended = doctor(
      {"--", write_program("old", std::string(reinterpret_cast<const char*>(&header), sizeof header))});
  EXPECT_EQ(ended.status, 126) << ended.messages;
  expect_says(ended, "is a program for 32-bit");
}

#ifdef BLASTUNE_TEST_STATIC_PROGRAM
TEST_F(DoctorOfProgram, AStaticProgramAndAScriptForIt) {
  const std::string script = write_program("script", "#!" BLASTUNE_TEST_STATIC_PROGRAM "\n");
  for (const std::string& program : {std::string(BLASTUNE_TEST_STATIC_PROGRAM), script}) {
    const Ended ended = doctor({"--", program});
    EXPECT_EQ(ended.status, 1);
    EXPECT_EQ(ended.messages, "a static gemm by order 102\n");
    expect_says(ended, "is linked statically, so no library can be put before its own");
    expect_says(ended, "has a BLAS inside");
  }
}
#endif

TEST_F(DoctorOfProgram, FindingsGoNowhereElse) {
  environment_["LD_PRELOAD"] = BLASTUNE_TEST_PRELOAD;
  const std::string other = directory_.file("other");
  for (const std::string& place : {directory_.file("none"), std::string("relative"), directory_.file("")}) {
    environment_["BLASTUNE_FINDINGS"] = place;
    const Ended ended = run_program({{BLASTUNE_TEST_HOST, built("calls_plain")}, environment_, ""});
    EXPECT_EQ(ended.status, 0) << ended.messages;
    EXPECT_EQ(ended.messages, "");
  }
  EXPECT_FALSE(std::filesystem::exists(directory_.file("none")));
  EXPECT_FALSE(std::filesystem::exists("relative"));
  // Nor through a link.
  std::ofstream(other).flush();
  std::filesystem::create_symlink(other, directory_.file("link"));
  environment_["BLASTUNE_FINDINGS"] = directory_.file("link");
  EXPECT_EQ(run_program({{BLASTUNE_TEST_HOST, built("calls_plain")}, environment_, ""}).status, 0);
  EXPECT_EQ(contents(other), "");
  environment_["BLASTUNE_FINDINGS"] = other;
  EXPECT_EQ(run_program({{BLASTUNE_TEST_HOST, built("calls_plain")}, environment_, ""}).status, 0);
  EXPECT_NE(contents(other), "");
}

#ifdef BLASTUNE_TEST_NUMPY
TEST_F(DoctorOfProgram, NumPy) {
  for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}) ::unsetenv(name);
  Tables tables;
  for (const char* flavour : {"pthread", "openmp"}) {
    const LoadedBlas blas(debian_library(flavour));
    tables.push_back(make_table(blas.build(), 1));
  }
  save(tables, table_);
  const Ended loaded = doctor({"--", "/usr/bin/python3", "-c", "import numpy"});
  EXPECT_EQ(loaded.status, 0) << loaded.out;
  // NumPy tries a product of two small vectors when it is imported.
  expect_says(loaded, "0 gemms came through the preload library, and 1 other call: from _multiarray_umath");
  const Ended called = doctor({"--", "/usr/bin/python3", "-c",
                               "import numpy\na = numpy.ones((50, 60))\nprint((a.T @ (a + 1)).shape)"});
  EXPECT_EQ(called.status, 0) << called.out;
  EXPECT_EQ(called.messages, "(60, 60)\n");
  expect_says(called, "1 gemm came through the preload library, and 1 other call: from _multiarray_umath");
}
#endif

}  // namespace
}  // namespace blastune::testing
