// SPDX-License-Identifier: BSD-3-Clause
//
// What `blastune doctor -- PROGRAM` says: which BLAS the program and what it starts have loaded, which of
// their calls come through the preload library, and why others do not. A pure function of plain values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/doctor_report.h"
#include "cli/observed_run.h"
#include "cli/program_file.h"

namespace blastune {

// A library that is no OpenBLAS, as its file's name tells.
struct OtherBlas {
  std::string name;    // "Intel MKL"; "no OpenBLAS" where the name says nothing
  std::string remedy;  // how the program comes to OpenBLAS
};
// alternatives: files that Debian's libblas.so.3 could lead to.
[[nodiscard]] OtherBlas other_blas(const std::string& path, const std::vector<std::string>& alternatives);

struct ProgramInputs {
  std::vector<std::string> command;
  std::vector<ProgramFile> chain;  // at least the program itself
  Runner runner;
  ObservedRun run;
  // Of a program's file: what of BLAS it has inside.
  std::function<std::optional<std::string>(const std::string& path)> blas_inside;
  std::vector<std::string> alternatives;
};

// Processes of one program that are alike, told as one.
struct ProgramGroup {
  ProcessFindings findings;         // the calls of all
  std::vector<std::int64_t> which;  // never empty
};
// Those in which a BLAS was loaded, less copies of a process that did nothing of their own.
[[nodiscard]] std::vector<ProgramGroup> group_processes(const std::vector<ProcessFindings>& processes);

[[nodiscard]] std::vector<Finding> diagnose_program(const ProgramInputs& inputs);

// For programs: one JSON object on one line.
[[nodiscard]] std::string program_json(const ProgramInputs& inputs, const std::vector<Finding>& findings);

}  // namespace blastune
