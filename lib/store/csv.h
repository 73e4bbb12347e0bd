// SPDX-License-Identifier: BSD-3-Clause
//
// Recorded measurements as text: a header naming the columns in any order, then one row a call.
//   dtype,m,n,k,threads,seconds          required
//   transpose                            optional, "NN" without it
// Further columns are ignored. Files may be compressed with gzip, whatever their name. Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "model/gemm.h"

namespace blastune {

struct Measurement {
  Gemm gemm;
  int threads = 1;
  double seconds = 0;

  bool operator==(const Measurement&) const = default;
};

// In the file's order. Bounded: 64 MiB as stored, 1 GiB and 10 million rows unpacked; the text is not kept.
// Anything wrong in it is invalid_data that names file, line and column.
Result<std::vector<Measurement>> read_measurements(FileSystem& files, const std::string& path);

// The same of a text that is there already; `source` names it in messages.
Result<std::vector<Measurement>> parse_measurements(std::string_view text, std::string_view source);

// With a transpose column, and seconds to nine significant digits.
[[nodiscard]] std::string format_measurements(const std::vector<Measurement>& measurements);

// Replaces the file atomically; compressed if the path ends in ".gz".
Result<void> write_measurements(FileSystem& files, const std::string& path,
                                const std::vector<Measurement>& measurements);

}  // namespace blastune
