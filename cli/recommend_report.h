// SPDX-License-Identifier: BSD-3-Clause
//
// The words and the JSON of `recommend`. Pure: from advice to text.
#pragma once

#include <string>

#include "cli/answering.h"
#include "cli/question.h"
#include "cli/whole_pass.h"
#include "model/advisor.h"

namespace blastune {

struct GemmAnswer {
  Gemm gemm;
  Advice advice;
};

// What was measured, what the default would cost, and how sure the answer is, in plain words.
[[nodiscard]] std::string explanation(const GemmAnswer& answer, const Table& table, const CountLimit& limit,
                                      std::int64_t now);

// One line each, newline at the end. Keys are stable; `schema` is raised when the meaning of one changes.
[[nodiscard]] std::string gemm_json(const GemmAnswer& answer, const Answering& answering,
                                    const CountLimit& limit);

struct NetworkAnswer {
  Question question;
  PassTimes times;
  BestBatch best;
};

[[nodiscard]] std::string network_text(const NetworkAnswer& answer, const Table& table,
                                       const CountLimit& limit);
[[nodiscard]] std::string network_json(const NetworkAnswer& answer, const Answering& answering,
                                       const CountLimit& limit);

}  // namespace blastune
