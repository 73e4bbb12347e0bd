// SPDX-License-Identifier: BSD-3-Clause
//
// A program that uses the client library: every case runs in a process of its own, because the library, the
// OpenBLAS it finds and the environment it reads are one a process.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

namespace blastune::testing {

// Runs the body in a child process and fails where it fails, crashes or is killed.
template <class Body>
void alone(Body body) {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    body();
    std::fflush(nullptr);
    ::_exit(::testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0) << "the process reported the failures above";
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "blastune-client-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// The file that Debian's libopenblas0-pthread or -openmp installs for this architecture; empty without it.
inline std::string debian_library(const std::string& flavour, const std::string& file = "libopenblas.so.0") {
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib", problem)) {
    const std::filesystem::path path = entry.path() / ("openblas-" + flavour) / file;
    if (std::filesystem::exists(path, problem)) return path.string();
  }
  return {};
}

inline std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace blastune::testing
