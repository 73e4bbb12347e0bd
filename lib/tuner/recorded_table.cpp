// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/recorded_table.h"

#include <algorithm>

#include "model/statistics.h"

namespace blastune {
namespace {

constexpr std::size_t calls_of_burst = 3;

}  // namespace

Table table_of_recorded_machine(const Recording& recording, const std::string& source,
                                const std::string& how) {
  Table table;
  const auto counts = recording.counts();
  const int most = counts.empty() ? 1 : counts.back();
  table.machine.cpu_model = "recorded in " + source;
  table.machine.processors = most;
  table.build.config = how + " from " + source;
  table.build.core_name = "recorded";
  table.build.threading = most > 1 ? Threading::pthread : Threading::serial;
  table.build.max_threads = most;
  table.default_threads = most;
  return table;
}

bool is_replayed(const Table& table) {
  return table.build.config.starts_with("replayed from ");
}

void put_recording(Table& table, const Recording& recording) {
  const auto counts = recording.counts();
  for (const auto& gemm : recording.gemms()) {
    Curve curve;
    curve.gemm = gemm;
    for (const int count : counts) {
      const auto calls = recording.calls(gemm, count);
      for (std::size_t first = 0; first < calls.size(); first += calls_of_burst)
        curve.at(count).seconds.add(
            median(calls.subspan(first, std::min(calls_of_burst, calls.size() - first))));
    }
    table.replace(curve);
  }
}

}  // namespace blastune
