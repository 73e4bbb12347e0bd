// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/recording.h"

#include <set>

namespace blastune {

Recording::Recording(std::span<const Measurement> measurements) : rows_(measurements.size()) {
  for (const auto& row : measurements) {
    Calls& calls = calls_[{canonical(row.gemm), row.threads}];
    if (calls.seconds.size() == 1 && !calls.first_was_left_out) {
      calls.first_was_left_out = true;
      calls.seconds.clear();
      ++left_out_;
    }
    calls.seconds.push_back(row.seconds);
  }
}

std::vector<Gemm> Recording::gemms() const {
  std::vector<Gemm> gemms;
  for (const auto& [pair, calls] : calls_) {
    if (gemms.empty() || gemms.back() != pair.first) gemms.push_back(pair.first);
  }
  return gemms;
}

std::vector<int> Recording::counts() const {
  std::set<int> counts;
  for (const auto& [pair, calls] : calls_) counts.insert(pair.second);
  return {counts.begin(), counts.end()};
}

bool Recording::left_out(const Gemm& gemm, int threads) const {
  const auto found = calls_.find({canonical(gemm), threads});
  return found != calls_.end() && found->second.first_was_left_out;
}

std::span<const double> Recording::calls(const Gemm& gemm, int threads) const {
  const auto found = calls_.find({canonical(gemm), threads});
  return found == calls_.end() ? std::span<const double>{} : std::span<const double>(found->second.seconds);
}

}  // namespace blastune
