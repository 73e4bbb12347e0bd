// SPDX-License-Identifier: BSD-3-Clause
#include "store/config_location.h"

#include <filesystem>
#include <system_error>

#include "store/config.h"

namespace blastune {

std::string config_directory_of(const std::string& program, FileSystem& files) {
  if (!program.empty()) {
    const auto bin = std::filesystem::path(program).parent_path();
    const auto directory = (bin / ".." / "etc" / "blastune").lexically_normal();
    if (files.status((directory / "blastune.json").string())) return directory.string();
  }
  return default_config_directory;
}

std::string running_program() {
  std::error_code problem;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
  return problem ? std::string() : program.string();
}

}  // namespace blastune
