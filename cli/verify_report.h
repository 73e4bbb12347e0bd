// SPDX-License-Identifier: BSD-3-Clause
//
// The words and the JSON of `verify`. Pure: from regrets to text.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/build.h"
#include "model/curve.h"
#include "tuner/verification.h"

namespace blastune {

struct VerifiedType {
  DType dtype = DType::f64;
  Verification verification;
  std::size_t asked = 0;  // gemms that were to be judged
};

struct VerifyAnswer {
  std::string table;
  Build build;
  std::string source;  // of the times: "this machine", or the file with measurements
  int default_threads = 1;
  double tolerance = default_tolerance;  // the table's
  std::vector<VerifiedType> types;       // none without gemms
  // Of a measurement; 0 where nothing was measured.
  std::int64_t blocks = 0;
  std::int64_t disturbed = 0;
  double spent_seconds = 0;
};

[[nodiscard]] std::string verify_text(const VerifyAnswer& answer);
// One line, newline at the end. Keys are stable; `schema` is raised when the meaning of one changes.
[[nodiscard]] std::string verify_json(const VerifyAnswer& answer);

}  // namespace blastune
