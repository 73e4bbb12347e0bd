// SPDX-License-Identifier: BSD-3-Clause
//
// Where a running service and its clients meet.
#pragma once

#include <string>

namespace blastune {

inline constexpr const char* default_runtime_directory = "/run/blastune";

// named: the value of BLASTUNE_RUNTIME_DIR, or nullptr. What is no absolute path does not count.
[[nodiscard]] inline std::string runtime_directory_of(const char* named) {
  return named != nullptr && *named == '/' ? named : default_runtime_directory;
}

}  // namespace blastune
