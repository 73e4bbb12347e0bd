// SPDX-License-Identifier: BSD-3-Clause
//
// What `blastune doctor` finds out and prints: which OpenBLAS builds are here, how they thread, what limits
// apply, and what is known of each; every finding that asks for something says what to do. Findings are a
// pure function of plain values; only run_doctor looks at the machine.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cpu_limits.h"
#include "base/machine_signature.h"
#include "base/result.h"
#include "model/table.h"
#include "tuner/build_discovery.h"

namespace blastune {

enum class Severity {
  good,     // as it should be
  note,     // good to know; nothing need be done
  warning,  // works, and could be better
  problem,  // something does not work
};

struct Finding {
  Severity severity = Severity::note;
  std::string topic;  // "builds", "limits", "configuration", "tables"
  std::string text;
  std::string remedy;  // what to do; empty where nothing need be done
};

// One of the places where a table may be.
struct TableFile {
  std::string path;
  std::optional<Error> error;
  Tables tables;
};

struct DoctorInputs {
  Discovery discovery;
  std::optional<Error> discovery_error;
  // Set variables ("NAME=value") that bound the count or switch blastune off.
  std::vector<std::string> variables;
  CpuLimits limits;
  int online_processors = 1;
  std::optional<MachineSignature> machine;
  std::optional<Error> config_error;
  std::vector<std::string> config_warnings;
  std::vector<TableFile> table_files;
  std::int64_t now_unix = 0;
};

// By topic, in the order of the tests that led to them.
[[nodiscard]] std::vector<Finding> diagnose(const DoctorInputs& inputs);

// For people: plain text by topic, each finding with its remedy below it.
[[nodiscard]] std::string doctor_text(const std::vector<Finding>& findings);
// "good", "note", "warning", "problem".
[[nodiscard]] std::string_view severity_name(Severity severity);
// For programs: one JSON object on one line, with the builds and the findings.
[[nodiscard]] std::string doctor_json(const DoctorInputs& inputs, const std::vector<Finding>& findings);

struct DoctorOptions {
  bool json = false;
  std::string blas_file;  // looked at besides those found; may be empty
  std::string config_directory;
  std::function<bool()> interrupted = {};  // asked while libraries are loaded
};

// Whether nothing is a problem.
Result<bool> run_doctor(const DoctorOptions& options, std::ostream& out);

}  // namespace blastune
