// SPDX-License-Identifier: BSD-3-Clause
#include "cli/program_report.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

namespace blastune {
namespace {

BlasFindings some_openblas() {
  BlasFindings blas;
  blas.path = "/lib/libopenblas.so.0";
  blas.was_asked = true;
  blas.openblas = blas.path;
  blas.build = "OpenBLAS 0.3.21 pthread (Zen)";
  blas.integer_bits = 32;
  blas.applies = true;
  blas.limit = 4;
  blas.reason = "ready";
  blas.table = "/cache/table.json";
  blas.curves = 120;
  return blas;
}

ProcessFindings some_process(std::int64_t number) {
  ProcessFindings process;
  process.process = number;
  process.parent = 1;
  process.began = static_cast<std::uint64_t>(number);
  process.ended = true;
  process.program = "/usr/bin/python3.11";
  process.blas = {some_openblas()};
  process.callers = {{"/lib/umath.so", "/lib/libopenblas.so.0", 5, 2}};
  return process;
}

// One process in which nothing is amiss.
ProgramInputs healthy() {
  ProgramInputs inputs;
  inputs.command = {"python3", "-c", "x"};
  ProgramFile program;
  program.path = "/usr/bin/python3";
  program.elf = ElfFacts{ELFCLASS64, ELFDATA2LSB, EM_X86_64, "/lib64/ld.so"};
  program.mode = 0755;
  inputs.chain = {program};
  inputs.runner = {1000, 1000, *program.elf};
  inputs.run.process = 100;
  inputs.run.processes = {some_process(100)};
  inputs.blas_inside = [](const std::string&) { return std::nullopt; };
  return inputs;
}

std::size_t problems(const ProgramInputs& inputs) {
  const auto findings = diagnose_program(inputs);
  return static_cast<std::size_t>(
      std::ranges::count(findings, Severity::problem, [](const Finding& each) { return each.severity; }));
}

void expect_finding(const ProgramInputs& inputs, Severity severity, const std::string& text,
                    const std::string& remedy = "") {
  const auto findings = diagnose_program(inputs);
  const auto found = std::ranges::find_if(findings, [&](const Finding& finding) {
    return finding.severity == severity && finding.text.find(text) != std::string::npos;
  });
  ASSERT_NE(found, findings.end()) << text << " in\n" << doctor_text(findings);
  EXPECT_NE(found->remedy.find(remedy), std::string::npos) << found->remedy;
  // A problem has a remedy.
  EXPECT_TRUE(severity != Severity::problem || !found->remedy.empty()) << text;
}

TEST(ProgramReport, NothingAmiss) {
  const ProgramInputs inputs = healthy();
  EXPECT_EQ(problems(inputs), 0U) << doctor_text(diagnose_program(inputs));
  expect_finding(inputs, Severity::good, "loaded into /usr/bin/python3");
  expect_finding(inputs, Severity::good,
                 "5 gemms came through the preload library, and 2 other calls: from umath.so");
  expect_finding(inputs, Severity::good, "/cache/table.json has advice for it, from 120 measured gemms");
  EXPECT_NE(doctor_text(diagnose_program(inputs)).find("\npython3.11, process 100\n"), std::string::npos);
}

TEST(ProgramReport, WhatStandsInTheWayOfAdviceIsTold) {
  ProgramInputs inputs = healthy();
  BlasFindings& blas = inputs.run.processes[0].blas[0];
  blas.reason = "no_table";
  blas.message = "there is no table at /t; and more; measure it";
  expect_finding(inputs, Severity::problem, "there is no table at /t; and more", "measure it");
  blas = some_openblas();
  blas.applies = false;
  expect_finding(inputs, Severity::problem, "no safe way", "pthread build");
  blas.build = "OpenBLAS 0.3.21 serial (Zen)";
  expect_finding(inputs, Severity::problem, "never uses more than one thread", "pthread build");
  blas = some_openblas();
  blas.limit = 1;
  expect_finding(inputs, Severity::warning, "one thread only", "OPENBLAS_NUM_THREADS");
  EXPECT_EQ(problems(inputs), 0U);
  inputs = healthy();
  inputs.run.processes[0].disabled = true;
  expect_finding(inputs, Severity::problem, "BLASTUNE_DISABLE", "unset");
}

TEST(ProgramReport, ALibraryThatLeadsToOpenBlasIsOneWithIt) {
  ProgramInputs inputs = healthy();
  ProcessFindings& process = inputs.run.processes[0];
  BlasFindings forwarder = some_openblas();
  forwarder.path = "/lib/libblas.so.3";
  process.blas.insert(process.blas.begin(), forwarder);
  process.callers.push_back({"/lib/lapack.so", "/lib/libblas.so.3", 1, 0});
  // What it calls in itself was counted already.
  process.callers.push_back({"/lib/libblas.so.3", "/lib/libopenblas.so.0", 1, 0});
  EXPECT_EQ(problems(inputs), 0U);
  expect_finding(inputs, Severity::good,
                 "6 gemms came through the preload library, and 2 other calls: from umath.so, lapack.so");
}

TEST(ProgramReport, CallsThatCouldAndCouldNotBeCaught) {
  ProgramInputs inputs = healthy();
  ProcessFindings& process = inputs.run.processes[0];
  process.callers[0].multiplies = process.callers[0].others = 0;
  expect_finding(inputs, Severity::good, "it was not called; calls of umath.so would come through");
  EXPECT_EQ(problems(inputs), 0U);
  process.callers.clear();
  expect_finding(inputs, Severity::problem, "nothing that was loaded calls it by name", "-lopenblas");
  process = some_process(100);
  process.ended = false;
  expect_finding(inputs, Severity::good, "at least 5 gemms");
  process.blas[0].was_asked = false;
  process.blas[0].openblas.clear();
  expect_finding(inputs, Severity::warning, "not known which BLAS it is", "multiply");
}

TEST(ProgramReport, OtherLibrariesAreNamed) {
  ProgramInputs inputs = healthy();
  inputs.alternatives = {"/usr/lib/x86/openblas-openmp/libblas.so.3",
                         "/usr/lib/x86/openblas-pthread/libblas.so.3"};
  BlasFindings& blas = inputs.run.processes[0].blas[0];
  blas = {};
  blas.was_asked = true;
  const auto is = [&](const std::string& path, const std::string& name, const std::string& remedy) {
    blas.path = path;
    inputs.run.processes[0].callers[0].blas = path;
    expect_finding(inputs, Severity::problem, path + " is " + name + ": 7 calls of umath.so passed", remedy);
  };
  is("/usr/lib/x86/blas/libblas.so.3.11.0", "the reference BLAS, no OpenBLAS",
     "update-alternatives --set libblas.so.3-x86 /usr/lib/x86/openblas-pthread/libblas.so.3");
  is("/usr/lib/x86/blis-openmp/libblas.so.3", "BLIS, no OpenBLAS", "update-alternatives --set");
  is("/usr/lib/x86/atlas/libblas.so.3", "ATLAS, no OpenBLAS", "update-alternatives --set");
  is("/usr/lib/x86/libflexiblas.so.3.3", "FlexiBLAS, no OpenBLAS", "update-alternatives --set");
  is("/opt/conda/lib/libmkl_rt.so.2", "Intel MKL, no OpenBLAS", "a build of the program that loads OpenBLAS");
  is("/opt/lib/libwhatever.so", "no OpenBLAS", "a build of the program");
  inputs.alternatives.clear();
  is("/usr/lib/x86/blas/libblas.so.3.11.0", "the reference BLAS, no OpenBLAS",
     "apt install libopenblas0-pthread");
  inputs.run.processes[0].callers.clear();
  expect_finding(inputs, Severity::note, "nothing calls it by name");
  EXPECT_EQ(problems(inputs), 0U);
}

TEST(ProgramReport, TheFileSaysWhyTheLibraryWasNotLoaded) {
  ProgramInputs inputs = healthy();
  inputs.run.processes.clear();
  expect_finding(inputs, Severity::problem, "was not loaded into /usr/bin/python3", "dynamic loader");
  inputs.chain[0].elf->loader.clear();
  expect_finding(inputs, Severity::problem, "statically", "dynamically");
  inputs.blas_inside = [](const std::string& path) -> std::optional<std::string> {
    return path == "/usr/bin/python3" ? "OpenBLAS 0.3.21" : "";
  };
  expect_finding(inputs, Severity::problem, "/usr/bin/python3 has OpenBLAS 0.3.21 inside", "shared library");
  // It was loaded all the same: then the file was misjudged.
  inputs.run.processes = {some_process(100)};
  EXPECT_EQ(problems(inputs), 0U);
}

TEST(ProgramReport, HowItEnded) {
  ProgramInputs inputs = healthy();
  inputs.run.status = 3;
  expect_finding(inputs, Severity::note, "ended with status 3");
  inputs.run.status = 139;
  inputs.run.signal = 11;
  expect_finding(inputs, Severity::warning, "signal 11 (Segmentation fault)");
  inputs.run.was_interrupted = true;
  expect_finding(inputs, Severity::note, "ended by Ctrl-C");
  inputs.run.damaged = 2;
  expect_finding(inputs, Severity::warning, "2 lines of what it told could not be read", "BLASTUNE_FINDINGS");
  EXPECT_EQ(problems(inputs), 0U);
  inputs.run.processes[0].blas.clear();
  inputs.run.processes[0].ended = false;
  expect_finding(inputs, Severity::note, "ended without a word");
  expect_finding(inputs, Severity::problem, "it loaded no BLAS", "when they first need it");
  inputs.run.processes.push_back(inputs.run.processes[0]);
  expect_finding(inputs, Severity::problem, "neither it nor 1 program that it started loaded a BLAS");
}

TEST(ProgramReport, ProcessesThatAreAlikeAreToldTogetherAndNotAllOfMany) {
  ProgramInputs inputs = healthy();
  for (std::int64_t number = 101; number < 110; ++number)
    inputs.run.processes.push_back(some_process(number));
  // A copy that did nothing of its own.
  ProcessFindings copy = some_process(200);
  copy.parent = 100;
  copy.began = 100;
  copy.forked = true;
  copy.callers[0].multiplies = copy.callers[0].others = 0;
  inputs.run.processes.push_back(copy);
  const auto groups = group_processes(inputs.run.processes);
  ASSERT_EQ(groups.size(), 1U);
  EXPECT_EQ(groups[0].which.size(), 10U);
  expect_finding(inputs, Severity::good, "50 gemms came through");
  EXPECT_NE(
      doctor_text(diagnose_program(inputs)).find("python3.11, 10 processes (100, 101, 102, 103 and 6 more)"),
      std::string::npos);
  for (std::size_t i = 0; i < 10; ++i) inputs.run.processes[i].program += std::to_string(i);
  expect_finding(inputs, Severity::note, "2 more kinds of processes");
}

TEST(ProgramReport, TextsOfOthersCannotBreakTheJson) {
  ProgramInputs inputs = healthy();
  inputs.command.emplace_back("\xff\n");
  inputs.run.processes[0].program = "/bin/\x1b[31m";
  const auto findings = diagnose_program(inputs);
  EXPECT_EQ(doctor_text(findings).find('\x1b'), std::string::npos);
  const auto json = nlohmann::json::parse(program_json(inputs, findings));
  EXPECT_EQ(json["programs"][0]["program"], "/bin/\x1b[31m");
  EXPECT_EQ(json["findings"].size(), findings.size());
}

TEST(ReadFindings, TheLastWordOfEachCountsAndDamageIsCounted) {
  ProcessFindings first = some_process(1);
  first.ended = false;
  ProcessFindings other = some_process(1);
  other.began = 2;
  ObservedRun run;
  read_findings(
      findings_line(first) + findings_line(other) + "damaged\n" + findings_line(some_process(1)) + "{\"cut",
      run);
  ASSERT_EQ(run.processes.size(), 2U);
  EXPECT_EQ(run.processes[0], some_process(1));
  EXPECT_EQ(run.processes[1], other);
  EXPECT_EQ(run.damaged, 2U);
}

}  // namespace
}  // namespace blastune
