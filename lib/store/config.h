// SPDX-License-Identifier: BSD-3-Clause
//
// What an administrator or user can choose: config/blastune.json holds the values that are also compiled in,
// config/blastune.schema.json says what is allowed. Files are JSON with comments. Any thread, never throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "model/curve.h"
#include "model/layer.h"

namespace blastune {

inline constexpr const char* default_config_directory = "/etc/blastune";

// Inclusive.
struct SizeRange {
  std::int64_t from = 1;
  std::int64_t to = 1;

  bool operator==(const SizeRange&) const = default;
};

// Shapes besides those of the networks, so that any gemm gets a sensible answer.
struct GeneralGrid {
  bool enabled = true;
  SizeRange sizes{1, 4096};  // of m, n and k

  bool operator==(const GeneralGrid&) const = default;
};

// What only the service reads.
struct DaemonConfig {
  double cpu_share = 0.01;             // of one core, over an hour, once the first run is over
  double first_run_seconds = 40;       // of measuring that each new build gets without regard to cpu_share
  double check_seconds = 6 * 3600;     // from one check of a table to the next
  double quiet_cores = 0.2;            // what others may use while the machine still counts as quiet
  bool on_battery = false;             // whether it measures then
  std::vector<std::string> libraries;  // OpenBLAS files besides those in the usual places; absolute paths

  bool operator==(const DaemonConfig&) const = default;
};

struct Config {
  std::vector<Network> networks{
      {{784, 100, 50, 10}}, {{784, 300, 140, 10}}, {{784, 200, 100, 10}}, {{784, 50, 20, 10}}};
  SizeRange batches{1, 20'000};
  std::vector<Layout> layouts{Layout::features_by_batch, Layout::batch_by_features};
  std::vector<Pass> passes{Pass::forward, Pass::backward_data, Pass::backward_weights};
  std::vector<DType> dtypes{DType::f32, DType::f64};
  GeneralGrid general_grid;
  double tolerance = default_tolerance;           // of a table, at its next tune
  std::int64_t max_operand_bytes = 256LL << 20U;  // of one gemm's three operands together
  double budget_seconds = 30;                     // of a tune without --budget
  DaemonConfig daemon;

  bool operator==(const Config&) const = default;
};

struct LoadedConfig {
  Config config;
  std::vector<std::string> files;  // that were read, in order
  std::vector<std::string>
      warnings;  // unknown keys, each with file and line; the caller decides what they are worth
};

// Changes what the text sets and leaves the rest; a list is replaced as a whole. Wrong text changes nothing:
// invalid_data that names line and key.
Result<void> apply_config(LoadedConfig& loaded, std::string_view text, std::string_view source);

// DIRECTORY/blastune.json, then DIRECTORY/conf.d/*.json in the order of their names; later ones win. What is
// not there is skipped; what is there must be right.
Result<LoadedConfig> load_config(FileSystem& files, const std::string& directory = default_config_directory);

}  // namespace blastune
