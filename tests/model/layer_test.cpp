// SPDX-License-Identifier: BSD-3-Clause
#include "model/layer.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

constexpr auto N = Transpose::none;
constexpr auto T = Transpose::transposed;

TEST(Layer, TheArticlesForwardMultiplyIsWeightsTimesActivations) {
  const Gemm gemm = layer_gemm({784, 100}, 500, DType::f64, Pass::forward, Layout::features_by_batch);
  EXPECT_EQ(gemm, (Gemm{DType::f64, N, N, 100, 500, 784}));
}

TEST(Layer, BackwardPassesMultiplyTheMatricesThatTheHeaderNames) {
  const Layer layer{784, 100};
  EXPECT_EQ(layer_gemm(layer, 500, DType::f32, Pass::backward_data, Layout::features_by_batch),
            (Gemm{DType::f32, T, N, 784, 500, 100}));
  EXPECT_EQ(layer_gemm(layer, 500, DType::f32, Pass::backward_weights, Layout::features_by_batch),
            (Gemm{DType::f32, N, T, 100, 784, 500}));
}

// A row-major matrix is its transpose in column-major, so NumPy's X W is the article's W X to the library.
TEST(Layer, BothLayoutsAskTheLibraryForTheSameMultiply) {
  for (const auto pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
    EXPECT_EQ(layer_gemm({7, 5}, 3, DType::f64, pass, Layout::batch_by_features),
              layer_gemm({7, 5}, 3, DType::f64, pass, Layout::features_by_batch))
        << name(pass);
  }
}

TEST(Layer, NetworksAreCheckedAndSplitIntoLayers) {
  EXPECT_EQ(layers_of({{784, 100, 50, 10}}), (std::vector<Layer>{{784, 100}, {100, 50}, {50, 10}}));
  EXPECT_TRUE(check_network({{784, 10}}).ok());
  EXPECT_FALSE(check_network({{}}).ok());
  EXPECT_FALSE(check_network({{784}}).ok());
  EXPECT_FALSE(check_network({{784, 0}}).ok());
  EXPECT_FALSE(check_network({{784, max_dimension + 1}}).ok());
  EXPECT_FALSE(check_network({std::vector<std::int64_t>(66, 10)}).ok());
}

TEST(Layer, NamesRoundTrip) {
  for (const auto pass : {Pass::forward, Pass::backward_data, Pass::backward_weights}) {
    EXPECT_EQ(pass_from_name(name(pass)), pass);
  }
  for (const auto layout : {Layout::features_by_batch, Layout::batch_by_features}) {
    EXPECT_EQ(layout_from_name(name(layout)), layout);
  }
  EXPECT_FALSE(pass_from_name("sideways"));
  EXPECT_FALSE(layout_from_name("row-major"));
}

}  // namespace
}  // namespace blastune
