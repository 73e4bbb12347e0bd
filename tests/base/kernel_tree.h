// SPDX-License-Identifier: BSD-3-Clause
//
// A directory of the test's own that stands for /proc, /sys and the cgroup mounts, removed at the end.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/machine_signature.h"

namespace blastune {

class KernelTree {
 public:
  KernelTree() {
    std::string pattern = testing::TempDir() + "blastune-kernel-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    root_ = pattern;
  }
  KernelTree(const KernelTree&) = delete;
  KernelTree& operator=(const KernelTree&) = delete;
  ~KernelTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }

  [[nodiscard]] const std::string& root() const { return root_; }
  [[nodiscard]] KernelPaths paths() const { return {root_ + "/proc", root_ + "/sys"}; }

  void write(const std::string& path, std::string_view text) const {
    const std::filesystem::path file = root_ + "/" + path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(const std::string& path) const { std::filesystem::remove_all(root_ + "/" + path); }

 private:
  std::string root_;
};

}  // namespace blastune
