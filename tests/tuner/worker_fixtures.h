// SPDX-License-Identifier: BSD-3-Clause
//
// The worker program, the fake libraries and workers, and Debian's two OpenBLAS builds, for the tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace blastune::testing {

inline const std::string worker_program = BLASTUNE_TEST_WORKER;
inline const std::string fake_worker = BLASTUNE_TEST_FAKE_WORKER;

inline std::string fake_blas(const std::string& name) {
  return std::string(BLASTUNE_TEST_FAKE_BLAS_DIRECTORY) + "/libfake_blas_" + name + ".so";
}

// The file that Debian's libopenblas0-pthread or -openmp installs for this architecture; empty without it.
inline std::string debian_build(const std::string& flavour, const std::string& file = "libopenblas.so.0") {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib", problem)) {
    const std::filesystem::path path = entry.path() / ("openblas-" + flavour) / file;
    if (std::filesystem::exists(path, problem)) return path.string();
  }
  return {};
}

inline const std::vector<std::string> debian_flavours = {"pthread", "openmp"};

}  // namespace blastune::testing
