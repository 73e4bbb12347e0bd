// SPDX-License-Identifier: BSD-3-Clause
//
// What `recommend` was asked: the words of the command line turned into gemms. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/gemm.h"
#include "model/layer.h"

namespace blastune {

// As given; empty: not given.
struct QuestionWords {
  std::string m;
  std::string n;
  std::string batch;
  std::string gemm;
  std::string transpose;
  std::string layers;
  std::string dtype;
  std::string pass;
  std::string layout;
};

struct Question {
  std::vector<Gemm> gemms;         // one, or one for each layer
  std::optional<Network> network;  // set when --layers was given
  std::int64_t batch = 0;          // 0 for a plain gemm
  DType dtype = DType::f64;
  Pass pass = Pass::forward;
  Layout layout = Layout::features_by_batch;
};

Result<Question> parse_question(const QuestionWords& words);

// "784,100,50,10".
Result<Network> parse_network(const std::string& text);
// One dtype, complex ones too.
Result<DType> parse_dtype(const std::string& text);
// "f32,f64": each once, in the order given.
Result<std::vector<DType>> parse_dtypes(const std::string& text);

}  // namespace blastune
