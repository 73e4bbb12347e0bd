// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/fresh_gemms.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "model/rng.h"

namespace blastune {
namespace {

constexpr double widest_layer = 4.0 / 3;
constexpr std::size_t draws_for_one = 1000;

class Draw {
 public:
  Draw(DType dtype, const PlanOptions& options, std::uint64_t seed)
      : dtype_(dtype), options_(options), rng_(seed) {
    for (const auto& network : options.networks) {
      for (const auto& layer : layers_of(network)) layers_.push_back(layer);
    }
  }

  [[nodiscard]] bool has_layers() const { return !layers_.empty() && !options_.passes.empty(); }

  Gemm of_layer() {
    Layer layer = layers_[rng_.below(layers_.size())];
    if (rng_.below(2) == 0) layer = {altered(layer.m), altered(layer.n)};
    const Pass pass = options_.passes[rng_.below(options_.passes.size())];
    return layer_gemm(layer, size_between(options_.smallest_batch, options_.largest_batch), dtype_, pass,
                      Layout::features_by_batch);
  }

  Gemm of_any_size() {
    Gemm gemm;
    gemm.dtype = dtype_;
    for (auto* size : {&gemm.m, &gemm.n, &gemm.k})
      *size = size_between(options_.smallest_size, options_.largest_size);
    if (rng_.below(3) == 0) gemm.trans_a = Transpose::transposed;
    if (rng_.below(3) == 0) gemm.trans_b = Transpose::transposed;
    return gemm;
  }

 private:
  std::int64_t size_between(std::int64_t low, std::int64_t high) {
    const double range = static_cast<double>(high) / static_cast<double>(low);
    return std::clamp<std::int64_t>(std::llround(static_cast<double>(low) * std::pow(range, rng_.uniform())),
                                    low, high);
  }
  std::int64_t altered(std::int64_t size) {
    const double factor = std::pow(widest_layer, 2 * rng_.uniform() - 1);
    return std::clamp<std::int64_t>(std::llround(static_cast<double>(size) * factor), 1, max_dimension);
  }

  DType dtype_;
  const PlanOptions& options_;
  Rng rng_;
  std::vector<Layer> layers_;
};

}  // namespace

std::vector<Gemm> fresh_gemms(const Table& table, DType dtype, const PlanOptions& options, std::size_t count,
                              std::uint64_t seed) {
  Draw draw(dtype, options, seed);
  std::set<Gemm> gemms;
  for (std::size_t left = draws_for_one * count; left > 0 && gemms.size() < count; --left) {
    const Gemm gemm = draw.has_layers() && left % 2 == 0 ? draw.of_layer() : draw.of_any_size();
    if (is_worth_measuring(gemm, options, table.build) && table.find(gemm) == nullptr) gemms.insert(gemm);
  }
  return {gemms.begin(), gemms.end()};
}

}  // namespace blastune
