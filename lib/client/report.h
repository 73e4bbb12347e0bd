// SPDX-License-Identifier: BSD-3-Clause
//
// Whether there is advice for an OpenBLAS, from where, and why not.
#pragma once

#include <cstdint>
#include <string>

namespace blastune {

// Values of the public header's BLASTUNE_READY and so on.
enum class Reason : std::int32_t {
  ready = 0,
  disabled = 1,
  no_table = 2,
  bad_table = 3,
  foreign_machine = 4,
  foreign_build = 5,
  no_openblas = 6,
  several_openblas = 7,
  failed = 8,
};

struct Report {
  Reason reason = Reason::failed;
  std::string message;
  std::string table;
  std::string build;
  std::int64_t measured_unix = 0;
  std::int64_t curves = 0;
  int usable = 0;
  bool applies = false;
};

}  // namespace blastune
