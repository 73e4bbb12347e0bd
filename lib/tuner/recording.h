// SPDX-License-Identifier: BSD-3-Clause
//
// Measurements that were taken elsewhere, by gemm and count, each in the order in which it was taken. Pure.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "model/gemm.h"
#include "store/csv.h"

namespace blastune {

class Recording {
 public:
  // The first call of each gemm and count is left out where another follows: its operands lay in no cache,
  // its threads had to be woken, and it took up to 68 times as long on one recorded server.
  explicit Recording(std::span<const Measurement> measurements);

  [[nodiscard]] std::vector<Gemm> gemms() const;  // ascending
  [[nodiscard]] std::vector<int> counts() const;  // of any gemm, ascending
  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t left_out() const { return left_out_; }
  // Whether a call of that gemm and count was.
  [[nodiscard]] bool left_out(const Gemm& gemm, int threads) const;
  // In seconds, in their order; empty where nothing was recorded.
  [[nodiscard]] std::span<const double> calls(const Gemm& gemm, int threads) const;

 private:
  struct Calls {
    bool first_was_left_out = false;
    std::vector<double> seconds;
  };
  std::map<std::pair<Gemm, int>, Calls> calls_;
  std::size_t rows_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace blastune
