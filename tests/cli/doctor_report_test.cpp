// SPDX-License-Identifier: BSD-3-Clause
#include "cli/doctor_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "tuner/worker_launch.h"

namespace blastune {
namespace {

FoundBuild a_build(Threading threading, CountSetter setter) {
  FoundBuild found;
  found.hello.build.version = {0, 3, 21};
  found.hello.build.threading = threading;
  found.hello.build.core_name = "Zen";
  found.hello.build.build_id = std::string(name(threading));
  found.hello.build.path = "/lib/" + std::string(name(threading)) + ".so";
  found.hello.default_threads = threading == Threading::serial ? 1 : 4;
  found.hello.setter = setter;
  found.names = {found.hello.build.path};
  return found;
}

// A machine where nothing is amiss: one build, four processors, a fresh table.
DoctorInputs healthy() {
  DoctorInputs inputs;
  FoundBuild found = a_build(Threading::pthread, CountSetter::openblas);
  found.is_default = true;
  found.names = {"libopenblas.so.0", "libblas.so.3", "/lib/pthread.so"};
  inputs.discovery.builds = {found};
  inputs.limits.affinity = {0, 1, 2, 3};
  inputs.online_processors = 4;
  inputs.machine = MachineSignature{"A processor", 4, 1, 1 << 20};
  inputs.now_unix = 1'800'000'000;
  Table table;
  table.machine = *inputs.machine;
  table.build = found.hello.build;
  table.measured_unix = inputs.now_unix - 3600;
  inputs.table_files = {{"/cache/table.json", std::nullopt, {table}}};
  return inputs;
}

const Finding* find(const std::vector<Finding>& findings, Severity severity, const std::string& text) {
  const auto at = std::find_if(findings.begin(), findings.end(), [&](const Finding& finding) {
    return finding.severity == severity && finding.text.find(text) != std::string::npos;
  });
  return at == findings.end() ? nullptr : &*at;
}

void expect_remedy(const DoctorInputs& inputs, Severity severity, const std::string& text,
                   const std::string& remedy) {
  const std::vector<Finding> findings = diagnose(inputs);
  const Finding* finding = find(findings, severity, text);
  ASSERT_NE(finding, nullptr) << text << " in\n" << doctor_text(findings);
  EXPECT_NE(finding->remedy.find(remedy), std::string::npos) << finding->remedy;
}

TEST(Diagnose, AHealthyMachineNeedsNothing) {
  const std::vector<Finding> findings = diagnose(healthy());
  EXPECT_FALSE(findings.empty());
  for (const Finding& finding : findings) EXPECT_EQ(finding.severity, Severity::good) << finding.text;
}

TEST(Diagnose, AConfigurationThatIsWrong) {
  DoctorInputs inputs = healthy();
  inputs.config_error = Error{ErrorKind::invalid_data, "c.json, line 3: no", "correct the file"};
  inputs.config_warnings = {"c.json, line 4: the key \"x\" is not known"};
  expect_remedy(inputs, Severity::problem, "line 3", "correct the file");
  expect_remedy(inputs, Severity::warning, "line 4", "blastune.json(5)");
}

TEST(Diagnose, WhatToNameInsteadIsNotThisItself) {
  DoctorInputs inputs = healthy();
  inputs.discovery.unusable = {{"/lib/x.so", Error{ErrorKind::invalid_data, "no library", other_library}}};
  expect_remedy(inputs, Severity::warning, "no library", "one of the builds above");
}

TEST(Diagnose, NoBuild) {
  DoctorInputs inputs = healthy();
  inputs.discovery.builds.clear();
  expect_remedy(inputs, Severity::problem, "no usable OpenBLAS", "--blas");
}

TEST(Diagnose, NoWorker) {
  DoctorInputs inputs = healthy();
  inputs.discovery.builds.clear();
  inputs.discovery_error = Error{ErrorKind::not_found, "the measuring program is missing", "install it"};
  expect_remedy(inputs, Severity::problem, "measuring program", "install it");
  EXPECT_EQ(find(diagnose(inputs), Severity::problem, "no usable OpenBLAS"), nullptr);
}

TEST(Diagnose, BuildsWhoseCountCannotBeSet) {
  DoctorInputs inputs = healthy();
  inputs.discovery.builds = {a_build(Threading::serial, CountSetter::none),
                             a_build(Threading::openmp, CountSetter::none)};
  expect_remedy(inputs, Severity::note, "serial", "pthread");
  expect_remedy(inputs, Severity::warning, "openmp", "pthread");
  EXPECT_EQ(find(diagnose(inputs), Severity::note, "not measured"), nullptr) << "nothing to measure there";
}

TEST(Diagnose, TheUsualNameLeadsElsewhere) {
  DoctorInputs inputs = healthy();
  inputs.discovery.builds[0].names = {"libopenblas.so.0"};
  expect_remedy(inputs, Severity::note, "do not get OpenBLAS", "update-alternatives");
  FoundBuild other = a_build(Threading::openmp, CountSetter::openblas);
  other.names = {"libblas.so.3"};
  inputs.discovery.builds.push_back(other);
  expect_remedy(inputs, Severity::note, "others get", "--blas");
}

TEST(Diagnose, ALibraryThatCrashes) {
  DoctorInputs inputs = healthy();
  inputs.discovery.unusable = {
      {"/lib/libopenblas.so.0", {ErrorKind::unavailable, "loading it failed", "take another"}},
      {"libopenblas.so.0", {ErrorKind::unavailable, "a bare name", {}}}};
  expect_remedy(inputs, Severity::warning, "loading it failed", "take another");
  EXPECT_EQ(find(diagnose(inputs), Severity::warning, "a bare name"), nullptr);
}

TEST(Diagnose, LimitsBelowTheLibrarysDefault) {
  DoctorInputs inputs = healthy();
  inputs.limits.affinity = {0, 1};
  inputs.limits.quota_cores = 1.5;
  inputs.limits.quota_file = "/sys/cpu.max";
  expect_remedy(inputs, Severity::note, "2 of 4", "");
  expect_remedy(inputs, Severity::note, "/sys/cpu.max", "");
  expect_remedy(inputs, Severity::note, "one processor", "");
  expect_remedy(inputs, Severity::warning, "starts 4 threads", "OPENBLAS_NUM_THREADS=1");
}

TEST(Diagnose, VariablesThatBound) {
  DoctorInputs inputs = healthy();
  inputs.variables = {"OPENBLAS_NUM_THREADS=2", "OMP_NUM_THREADS=1", "BLASTUNE_MAX_THREADS=many",
                      "BLASTUNE_DISABLE=1", "GOTO_NUM_THREADS="};
  expect_remedy(inputs, Severity::note, "OPENBLAS_NUM_THREADS=2", "");
  expect_remedy(inputs, Severity::warning, "OMP_NUM_THREADS=1", "unset");
  expect_remedy(inputs, Severity::warning, "BLASTUNE_MAX_THREADS=many", "correct");
  expect_remedy(inputs, Severity::warning, "BLASTUNE_DISABLE=1", "unset");
  EXPECT_EQ(find(diagnose(inputs), Severity::warning, "GOTO_NUM_THREADS"), nullptr);
  inputs.variables = {"OMP_NUM_THREADS=4,2"};
  expect_remedy(inputs, Severity::note, "OMP_NUM_THREADS=4,2", "");
}

TEST(Diagnose, Tables) {
  DoctorInputs inputs = healthy();
  inputs.table_files[0].tables[0].measured_unix = inputs.now_unix - std::int64_t{200} * 24 * 3600;
  expect_remedy(inputs, Severity::note, "last measured", "blastune tune");

  inputs = healthy();
  inputs.table_files[0].tables[0].machine.processors = 96;
  expect_remedy(inputs, Severity::warning, "not measured", "blastune tune");
  expect_remedy(inputs, Severity::note, "1 table for other machines", "");

  inputs = healthy();
  inputs.table_files[0] = {
      "/cache/table.json", Error{ErrorKind::invalid_data, "the table is damaged", "remove it"}, {}};
  expect_remedy(inputs, Severity::problem, "damaged", "remove it");

  inputs = healthy();
  inputs.table_files[0] = {"/cache/table.json", Error{ErrorKind::not_found, "no file", "make one"}, {}};
  expect_remedy(inputs, Severity::warning, "not measured", "blastune tune");
  EXPECT_EQ(find(diagnose(inputs), Severity::problem, "no file"), nullptr);

  // A clock set back must not give a negative age.
  inputs = healthy();
  inputs.table_files[0].tables[0].measured_unix = inputs.now_unix + 1000;
  EXPECT_NE(find(diagnose(inputs), Severity::good, "last measured"), nullptr);
}

TEST(DoctorText, PutsTheRemedyBelow) {
  DoctorInputs inputs = healthy();
  inputs.variables = {"BLASTUNE_DISABLE=1"};
  const std::string text = doctor_text(diagnose(inputs));
  EXPECT_NE(text.find("-> unset BLASTUNE_DISABLE\n"), std::string::npos) << text;
}

TEST(DoctorJson, IsOneObjectWithBuildsAndFindings) {
  DoctorInputs inputs = healthy();
  inputs.discovery.builds[0].hello.build.config = "not UTF-8: \xff";
  const std::string line = doctor_json(inputs, diagnose(inputs));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  const nlohmann::json json = nlohmann::json::parse(line);
  EXPECT_EQ(json["schema"], 1);
  ASSERT_EQ(json["builds"].size(), 1U);
  EXPECT_EQ(json["builds"][0]["version"], "0.3.21");
  EXPECT_EQ(json["builds"][0]["setter"], "openblas");
  EXPECT_EQ(json["builds"][0]["default"], true);
  EXPECT_FALSE(json["findings"].empty());
  for (const auto& finding : json["findings"]) EXPECT_TRUE(finding.contains("severity"));
}

}  // namespace
}  // namespace blastune
