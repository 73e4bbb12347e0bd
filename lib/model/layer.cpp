// SPDX-License-Identifier: BSD-3-Clause
#include "model/layer.h"

#include <array>
#include <string>

namespace blastune {
namespace {

constexpr std::size_t max_sizes = 65;

// All matrices column-major, one sample a column.
Gemm features_by_batch_gemm(const Layer& layer, std::int64_t batch, DType dtype, Pass pass) {
  using enum Transpose;
  switch (pass) {
    case Pass::forward:  // W (n x m) X (m x batch)
      return {dtype, none, none, layer.n, batch, layer.m};
    case Pass::backward_data:  // W^T D (n x batch)
      return {dtype, transposed, none, layer.m, batch, layer.n};
    case Pass::backward_weights:  // D (n x batch) X^T
      return {dtype, none, transposed, layer.n, layer.m, batch};
  }
  return {};
}

// The same as the program writes it in row-major, one sample a row, weights (m x n).
Gemm batch_by_features_gemm(const Layer& layer, std::int64_t batch, DType dtype, Pass pass) {
  using enum Transpose;
  switch (pass) {
    case Pass::forward:  // X (batch x m) W
      return {dtype, none, none, batch, layer.n, layer.m};
    case Pass::backward_data:  // D (batch x n) W^T
      return {dtype, none, transposed, batch, layer.m, layer.n};
    case Pass::backward_weights:  // X^T (m x batch) D
      return {dtype, transposed, none, layer.m, layer.n, batch};
  }
  return {};
}

}  // namespace

Gemm layer_gemm(const Layer& layer, std::int64_t batch, DType dtype, Pass pass, Layout layout) {
  if (layout == Layout::features_by_batch) return features_by_batch_gemm(layer, batch, dtype, pass);
  return from_row_major(batch_by_features_gemm(layer, batch, dtype, pass));
}

Result<void> check_network(const Network& network) {
  if (network.sizes.size() < 2 || network.sizes.size() > max_sizes) {
    return Error{ErrorKind::usage,
                 "a network of " + std::to_string(network.sizes.size()) + " sizes; it needs from 2 to " +
                     std::to_string(max_sizes),
                 "name the inputs and then the neurons of each layer, as in 784,100,50,10"};
  }
  for (const auto size : network.sizes) {
    if (size < 1 || size > max_dimension) {
      return Error{ErrorKind::usage,
                   "layer size " + std::to_string(size) + " is outside 1 to " + std::to_string(max_dimension),
                   "name the inputs and then the neurons of each layer, as in 784,100,50,10"};
    }
  }
  return {};
}

std::vector<Layer> layers_of(const Network& network) {
  std::vector<Layer> layers;
  for (std::size_t i = 1; i < network.sizes.size(); ++i)
    layers.push_back({network.sizes[i - 1], network.sizes[i]});
  return layers;
}

std::string_view name(Pass pass) {
  switch (pass) {
    case Pass::forward:
      return "forward";
    case Pass::backward_data:
      return "backward-data";
    case Pass::backward_weights:
      return "backward-weights";
  }
  return "?";
}

std::optional<Pass> pass_from_name(std::string_view text) {
  for (const auto pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
    if (text == name(pass)) return pass;
  }
  return std::nullopt;
}

std::string_view name(Layout layout) {
  return layout == Layout::features_by_batch ? "features-by-batch" : "batch-by-features";
}

std::optional<Layout> layout_from_name(std::string_view text) {
  for (const auto layout : {Layout::features_by_batch, Layout::batch_by_features}) {
    if (text == name(layout)) return layout;
  }
  return std::nullopt;
}

}  // namespace blastune
