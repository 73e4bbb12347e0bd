// SPDX-License-Identifier: BSD-3-Clause
//
// The forward pass of a small network with and without blastune, in C++:
//
//   c++ -std=c++17 -O2 forward_pass.cpp $(pkg-config --cflags --libs blastune openblas) -o forward_pass
//   ./forward_pass 500
//
// Matrices are row-major with one sample a row, as many programs have them: Z (batch x n) = X (batch x m) *
// W (m x n). The BLAS sees the transposed product, so blastune is asked for (n, batch, m).
#include <cblas.h>

#include <algorithm>
#include <array>
#include <blastune/blastune.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <random>
#include <vector>

namespace {

constexpr int largest_batch = 20000;
constexpr std::array<int, 4> sizes = {784, 100, 50, 10};

using Matrix = std::vector<double>;

Matrix random_matrix(int rows, int columns) {
  static std::mt19937_64 generator;
  std::uniform_real_distribution<double> values(-0.5, 0.5);
  Matrix matrix(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (double& value : matrix) value = values(generator);
  return matrix;
}

class Network {
 public:
  explicit Network(int batch) : batch_(batch) {
    for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
      weights_.push_back(random_matrix(sizes[i], sizes[i + 1]));
    for (const int size : sizes) activations_.push_back(random_matrix(batch, size));
  }

  void forward(bool use_blastune) {
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      const int m = sizes[i];
      const int n = sizes[i + 1];
      {
        std::optional<blastune::GemmScope> scope;
        if (use_blastune) scope.emplace(blastune::dtype_of<double>(), n, batch_, m);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, batch_, n, m, 1.0, activations_[i].data(), m,
                    weights_[i].data(), n, 0.0, activations_[i + 1].data(), n);
      }
      for (double& value : activations_[i + 1]) value = std::max(value, 0.0);
    }
  }

 private:
  int batch_;
  std::vector<Matrix> weights_;
  std::vector<Matrix> activations_;
};

double seconds_per_pass(Network& network, int passes, bool use_blastune) {
  network.forward(use_blastune);  // the first pass after a change is not typical
  const auto start = std::chrono::steady_clock::now();
  for (int pass = 0; pass < passes; ++pass) network.forward(use_blastune);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / passes;
}

}  // namespace

int main(int argc, char** argv) {
  const int batch = argc > 1 ? std::atoi(argv[1]) : 500;
  const int passes = argc > 2 ? std::atoi(argv[2]) : 200;
  if (batch < 1 || batch > largest_batch || passes < 1) {
    std::fprintf(stderr, "usage: forward_pass [BATCH from 1 to %d] [PASSES]\n", largest_batch);
    return 2;
  }
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) {
    blastune_advice advice = {};
    advice.size = sizeof advice;
    const bool asked = blastune_advise_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, sizes[i + 1],
                                            batch, sizes[i], &advice) == 0;
    if (asked && advice.threads > 0)
      std::printf("layer %d-%d, batch %d: C = %d, %.1f us expected\n", sizes[i], sizes[i + 1], batch,
                  static_cast<int>(advice.threads), 1e6 * advice.expected_seconds);
    else
      std::printf("layer %d-%d, batch %d: no opinion\n", sizes[i], sizes[i + 1], batch);
  }
  Network network(batch);
  const double without = seconds_per_pass(network, passes, false);
  const double with = seconds_per_pass(network, passes, true);
  std::printf("one pass: %.1f us with OpenBLAS's own choice, %.1f us with blastune (%.2f of it)\n",
              1e6 * without, 1e6 * with, with / without);
  return 0;
}
