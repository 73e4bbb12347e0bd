// SPDX-License-Identifier: BSD-3-Clause
//
// What the preload library tells of the process it is in, and `blastune doctor` reads: one line of JSON that
// says all that is known; a later line of the same program in the same process takes its place. The reader
// distrusts it: any program can write one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace blastune {

// An object that defines names of BLAS.
struct BlasFindings {
  std::string path;
  std::string prefix;  // around its names
  std::string suffix;
  // What was found out once there was a call, or at the end. Before that, was_asked is false and nothing
  // below is known.
  bool was_asked = false;
  std::string openblas;     // the path of the OpenBLAS that it is or leads to; empty: it is none
  std::string build;        // "OpenBLAS 0.3.21 pthread (Zen)"
  int integer_bits = 0;     // of that OpenBLAS
  bool applies = false;     // its count can be set
  int limit = 0;            // the most threads that its next call may use; 0: unknown
  std::string reason;       // "ready", or why there is no advice: a name of reason_names
  std::string message;      // the same in words, with what to do
  std::string table;        // the file that the advice is from
  std::int64_t curves = 0;  // in it

  bool operator==(const BlasFindings&) const = default;
};

// An object that calls one of these, or would.
struct CallerFindings {
  std::string path;
  std::string blas;              // whose function it gets
  std::uint64_t multiplies = 0;  // calls to gemm that came by
  std::uint64_t others = 0;      // calls to other routines

  bool operator==(const CallerFindings&) const = default;
};

struct ProcessFindings {
  std::int64_t process = 0;
  std::int64_t parent = 0;
  std::uint64_t began = 0;  // when the program was started, by a clock of the machine's own
  bool forked = false;      // in a copy of the process in which the program was started
  bool ended = false;       // said at the end
  bool disabled = false;    // by BLASTUNE_DISABLE
  std::string program;
  std::vector<BlasFindings> blas;
  std::vector<CallerFindings> callers;

  bool operator==(const ProcessFindings&) const = default;
};

// By their value in blastune.h: BLASTUNE_READY and so on.
inline constexpr const char* reason_names[] = {"ready",       "disabled",         "no_table",
                                               "bad_table",   "foreign_machine",  "foreign_build",
                                               "no_openblas", "several_openblas", "failed"};

// With the newline. What is more than a reader takes is left out, and bytes that are no text are replaced.
[[nodiscard]] std::string findings_line(const ProcessFindings& findings);

inline constexpr std::size_t max_findings_line = std::size_t{1} << 20U;
// Without its newline.
Result<ProcessFindings> parse_findings_line(std::string_view line);

}  // namespace blastune
