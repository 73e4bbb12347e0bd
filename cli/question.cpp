// SPDX-License-Identifier: BSD-3-Clause
#include "cli/question.h"

#include <algorithm>
#include <sstream>
#include <utility>

#include "base/parse.h"

namespace blastune {
namespace {

constexpr const char* examples =
    "try `blastune recommend --m 784 --n 100 --batch 500`, `--gemm 100,500,784` or "
    "`--layers 784,100,50,10 --batch 500`";

Error usage(std::string what) {
  return Error{ErrorKind::usage, std::move(what), examples};
}

Result<DType> dtype_named(const std::string& text, const char* remedy) {
  const auto dtype = dtype_from_name(text);
  if (!dtype) return Error{ErrorKind::usage, "unknown dtype " + in_quotes(text), remedy};
  return *dtype;
}

Result<void> parse_context(const QuestionWords& words, Question& question) {
  if (!words.dtype.empty()) {
    auto dtype = parse_dtype(words.dtype);
    if (!dtype) return dtype.error();
    question.dtype = *dtype;
  }
  if (!words.pass.empty()) {
    const auto pass = pass_from_name(words.pass);
    if (!pass) {
      return Error{ErrorKind::usage, "unknown --pass " + in_quotes(words.pass),
                   "use forward, backward-data or backward-weights"};
    }
    question.pass = *pass;
  }
  if (!words.layout.empty()) {
    const auto layout = layout_from_name(words.layout);
    if (!layout) {
      return Error{ErrorKind::usage, "unknown --layout " + in_quotes(words.layout),
                   "use features-by-batch or batch-by-features"};
    }
    question.layout = *layout;
  }
  return {};
}

Result<void> ask_gemm(const QuestionWords& words, Question& question) {
  if (!words.m.empty() || !words.n.empty() || !words.batch.empty() || !words.layers.empty() ||
      !words.pass.empty() || !words.layout.empty()) {
    return usage("--gemm names the multiply itself and goes with --transpose and --dtype only");
  }
  auto sizes = parse_integer_list(words.gemm, 1, max_dimension, 3, "--gemm");
  if (!sizes) return sizes.error();
  if (sizes->size() != 3) return usage("--gemm needs three sizes, M,N,K, not " + in_quotes(words.gemm));
  Gemm gemm{question.dtype, Transpose::none, Transpose::none, (*sizes)[0], (*sizes)[1], (*sizes)[2]};
  if (!words.transpose.empty()) {
    if (auto set = set_transposes(gemm, words.transpose); !set) return set;
  }
  question.gemms = {gemm};
  return check_dimensions(gemm);
}

Result<void> ask_layers(const QuestionWords& words, Question& question) {
  std::vector<Layer> layers;
  if (!words.layers.empty()) {
    if (!words.m.empty() || !words.n.empty())
      return usage("--layers goes with --batch, not with --m and --n");
    auto network = parse_network(words.layers);
    if (!network) return network.error();
    layers = layers_of(*network);
    question.network = std::move(*network);
  } else {
    if (words.m.empty() || words.n.empty())
      return usage("a layer needs --m inputs, --n outputs and --batch samples");
    auto m = parse_integer(words.m, 1, max_dimension, "--m");
    if (!m) return m.error();
    auto n = parse_integer(words.n, 1, max_dimension, "--n");
    if (!n) return n.error();
    layers = {{*m, *n}};
  }
  if (!words.transpose.empty()) return usage("--transpose goes with --gemm; a layer's pass has its own");
  if (words.batch.empty()) return usage("how many samples? --batch is missing");
  auto batch = parse_integer(words.batch, 1, max_dimension, "--batch");
  if (!batch) return batch.error();
  question.batch = *batch;
  for (const auto& layer : layers) {
    question.gemms.push_back(layer_gemm(layer, *batch, question.dtype, question.pass, question.layout));
  }
  return {};
}

}  // namespace

Result<Question> parse_question(const QuestionWords& words) {
  Question question;
  if (auto context = parse_context(words, question); !context) return context.error();
  auto asked = words.gemm.empty() ? ask_layers(words, question) : ask_gemm(words, question);
  if (!asked) return asked.error();
  return question;
}

Result<Network> parse_network(const std::string& text) {
  auto sizes = parse_integer_list(text, 1, max_dimension, 65, "--layers");
  if (!sizes) return sizes.error();
  Network network{std::move(*sizes)};
  if (auto checked = check_network(network); !checked) return checked.error();
  return network;
}

Result<DType> parse_dtype(const std::string& text) {
  return dtype_named(text, "use f32 (float), f64 (double), c64 or c128 (complex of them)");
}

Result<std::vector<DType>> parse_dtypes(const std::string& text) {
  std::vector<DType> dtypes;
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    const auto dtype = dtype_named(word, "use f32, f64, c64 or c128, or several: f32,f64");
    if (!dtype) return dtype.error();
    if (std::ranges::find(dtypes, *dtype) == dtypes.end()) dtypes.push_back(*dtype);
  }
  if (dtypes.empty()) return Error{ErrorKind::usage, "--dtype names no type", "use f32, f64 or f32,f64"};
  return dtypes;
}

}  // namespace blastune
