// SPDX-License-Identifier: BSD-3-Clause
//
// A dense layer of a network and the three multiplies that training makes of it.
//
// With weights W (n x m), activations X (m x batch) and deltas D (n x batch), samples as columns:
//   forward           Z (n x batch) = W X
//   backward-data     E (m x batch) = W^T D
//   backward-weights  G (n x m)     = D X^T
// How these become column-major gemms depends on how the program stores its matrices (Layout).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/gemm.h"

namespace blastune {

struct Layer {
  std::int64_t m = 0;  // input features
  std::int64_t n = 0;  // output features (neurons)

  auto operator<=>(const Layer&) const = default;
};

enum class Pass : std::uint8_t { forward, backward_data, backward_weights };

enum class Layout : std::uint8_t {
  // One sample a column, all matrices column-major: the article's W (n x m) times X (m x batch).
  features_by_batch,
  // One sample a row, all matrices row-major, weights (m x n): X (batch x m) times W, as in NumPy and
  // scikit-learn.
  batch_by_features,
};

// The column-major gemm of one pass of one layer. Sizes are not checked here; see check_dimensions.
[[nodiscard]] Gemm layer_gemm(const Layer& layer, std::int64_t batch, DType dtype, Pass pass, Layout layout);

// A fully connected network, by the sizes of its layers' ends: {784, 100, 50, 10} has three layers.
struct Network {
  std::vector<std::int64_t> sizes;

  auto operator<=>(const Network&) const = default;
};

// From two to 64 sizes, each from 1 to max_dimension.
Result<void> check_network(const Network& network);
[[nodiscard]] std::vector<Layer> layers_of(const Network& network);

// "forward", "backward-data", "backward-weights".
[[nodiscard]] std::string_view name(Pass pass);
[[nodiscard]] std::optional<Pass> pass_from_name(std::string_view text);
// "features-by-batch", "batch-by-features".
[[nodiscard]] std::string_view name(Layout layout);
[[nodiscard]] std::optional<Layout> layout_from_name(std::string_view text);

}  // namespace blastune
