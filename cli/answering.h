// SPDX-License-Identifier: BSD-3-Clause
//
// Which table answers a command, and under which limit.
#pragma once

#include <limits>
#include <optional>
#include <string>

#include "cli/present_use.h"
#include "cli/session.h"
#include "cli/target.h"
#include "model/table.h"

namespace blastune {

struct Answering {
  Table table;
  std::string path;
  // Present when the table is for this machine; its limits apply then.
  std::optional<Target> target;
};

struct TableChoice {
  std::string table_file;  // --table; empty: found in the usual places
  std::string blas_file;   // --blas; empty: the default OpenBLAS
};

// A table named with --table is answered from whatever machine it is for, with a note; only tables found
// by themselves must match this machine and build. Failures: not_found, foreign, invalid_data, unavailable.
Result<Answering> find_answering(const Session& session, const TableChoice& choice);

// The same for a target that is known already, from the usual places.
Result<Answering> find_answering(const Session& session, const Target& target);

// From this many curves on, a table can speak of what it did not measure.
inline constexpr std::size_t curves_to_interpolate = 30;

// What to do where the table says nothing of what was asked.
[[nodiscard]] std::string remedy_for_unknown(const Answering& answering);

// Where this user's own table is.
[[nodiscard]] std::string own_table_path();

struct CountLimit {
  int threads = std::numeric_limits<int>::max();
  std::string reason;                 // for people: "2 processors", "OMP_NUM_THREADS=1"
  std::optional<PresentUse> present;  // where it was looked at
};

// The tightest of capacity, the user's own variables and --available (0: not given). On a table of another
// machine only --available counts.
Result<CountLimit> count_limit(const Answering& answering, int available);

// Looks at how others use the processors now, and has it tighten the limit. Only for a table of this machine.
Result<void> limit_to_present(const Session& session, const Answering& answering, CountLimit& limit);

}  // namespace blastune
