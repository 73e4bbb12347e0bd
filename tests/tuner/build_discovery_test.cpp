// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/build_discovery.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/tuner/worker_fixtures.h"
#include "tuner/worker_location.h"

namespace blastune {
namespace {

namespace fs = std::filesystem;
using testing::debian_build;
using testing::fake_blas;
using testing::worker_program;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (fs::temp_directory_path() / "blastune_discovery_XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

TEST(MayPass, WhatTheSystemRefusesAndWhatIsKilledAndNotWhatIsSaid) {
  EXPECT_TRUE(may_pass({ErrorKind::unavailable, "cannot make a pipe", "", EMFILE}));
  EXPECT_TRUE(may_pass({ErrorKind::timed_out, "loading did not end", ""}));
  EXPECT_FALSE(may_pass({ErrorKind::unavailable, "cannot load libopenblas.so.0", ""}));
  EXPECT_FALSE(may_pass({ErrorKind::not_found, "no such file", "", ENOENT}));
  EXPECT_FALSE(may_pass({ErrorKind::invalid_data, "no ELF file", ""}));
  const auto crash = identify_build(worker_program, fake_blas("crash_on_load"));
  ASSERT_FALSE(crash);
  EXPECT_TRUE(may_pass(crash.error())) << crash.error().text();
  const auto absent = identify_build(worker_program, "libopenblas_of_nobody.so");
  ASSERT_FALSE(absent);
  EXPECT_FALSE(may_pass(absent.error())) << absent.error().text();
}

TEST(LibrariesIn, FindsFlavoursAndKeepsOutTheRest) {
  const TemporaryDirectory directory;
  const fs::path& root = directory.path();
  const auto put = [&root](const char* name) {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << "x";
  };
  for (const char* name : {"openblas-pthread/libopenblasp-r0.3.21.so", "openblas-serial64/libopenblas64.so.0",
                           "libopenblas64_.so.0", "libopenblas.so.0.debug", "libopenblas.a", "libblas.so.3",
                           "other/libopenblas.so.0", "libscipy_openblas-c128ec02.so"})
    put(name);
  fs::create_symlink("libopenblasp-r0.3.21.so", root / "openblas-pthread/libopenblas.so.0");
  fs::create_symlink("openblas-pthread/libopenblas.so.0", root / "libopenblas.so.0");
  fs::create_symlink("nothing", root / "libopenblas.so");
  const std::string there = fs::canonical(root).string();
  EXPECT_EQ(
      libraries_in({root.string(), root.string(), "/no/such/directory"}),
      (std::vector<std::string>{there + "/libopenblas64_.so.0", there + "/libscipy_openblas-c128ec02.so",
                                there + "/openblas-pthread/libopenblasp-r0.3.21.so",
                                there + "/openblas-serial64/libopenblas64.so.0"}));
}

DiscoveryOptions only(std::vector<std::string> files) {
  DiscoveryOptions options;
  options.names.clear();
  options.files = std::move(files);
  options.worker_options.load_seconds = 3;
  return options;
}

TEST(DiscoverBuilds, IdentifiesEachMergesDuplicatesAndNamesTheUnusable) {
  const TemporaryDirectory directory;
  const fs::path copy = directory.path() / "copy.so";
  fs::copy_file(fake_blas("honest"), copy);
  const auto found = discover_builds(
      worker_program,
      only({fake_blas("honest"), copy.string(), fake_blas("crash_on_load"), fake_blas("openmp_0_3_27"),
            fake_blas("hang_on_load"), "/no/such/libopenblas.so.0"}));
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->builds.size(), 2U);
  EXPECT_EQ(found->builds[0].hello.build.threading, Threading::pthread);
  EXPECT_TRUE(found->builds[0].is_default);
  EXPECT_EQ(found->builds[0].names.size(), 2U) << "the copy is the same build";
  EXPECT_EQ(found->builds[1].hello.build.threading, Threading::openmp);
  EXPECT_FALSE(found->builds[1].is_default);
  ASSERT_EQ(found->unusable.size(), 3U);
  for (const UnusableLibrary& unusable : found->unusable) EXPECT_FALSE(unusable.error.remedy.empty());
}

TEST(DiscoverBuilds, FindsDebiansBuildsInTheUsualPlaces) {
  const auto found = discover_builds(worker_program, usual_places());
  ASSERT_TRUE(found) << found.error().text();
  for (const char* flavour : {"pthread", "openmp"}) {
    std::error_code problem;
    const std::string file = fs::canonical(debian_build(flavour), problem).string();
    ASSERT_FALSE(problem) << "install libopenblas0-" << flavour;
    const bool seen =
        std::any_of(found->builds.begin(), found->builds.end(), [&file](const FoundBuild& build) {
          return std::find(build.names.begin(), build.names.end(), file) != build.names.end();
        });
    EXPECT_TRUE(seen) << file;
  }
  EXPECT_EQ(std::count_if(found->builds.begin(), found->builds.end(),
                          [](const FoundBuild& build) { return build.is_default; }),
            1);
  const auto usual = find_default_build(worker_program, usual_places());
  ASSERT_TRUE(usual) << usual.error().text();
  EXPECT_TRUE(same_build(usual->hello.build, found->builds.front().hello.build));
}

TEST(DiscoverBuilds, FindingNothingIsAnAnswer) {
  const auto found = discover_builds(worker_program, only({}));
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->builds.empty());
  const auto usual = find_default_build(worker_program, only({}));
  ASSERT_FALSE(usual);
  EXPECT_EQ(usual.error().kind, ErrorKind::not_found);
  EXPECT_FALSE(usual.error().remedy.empty());
}

TEST(DiscoverBuilds, FailsWithoutAWorker) {
  const auto found = discover_builds("/no/worker", only({fake_blas("honest")}));
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().what.find("/no/worker"), std::string::npos);
}

TEST(WorkerPlaces, FollowAMovedTreeAndABuildTree) {
  const std::vector<std::string> installed = worker_places("/opt/moved/bin/blastune");
  ASSERT_FALSE(installed.empty());
  EXPECT_NE(std::find(installed.begin(), installed.end(), "/opt/moved/libexec/blastune/blastune-worker"),
            installed.end());
  const std::vector<std::string> built = worker_places("/src/build/cli/blastune");
  EXPECT_NE(std::find(built.begin(), built.end(), "/src/build/worker/blastune-worker"), built.end());
  EXPECT_EQ(worker_places("").size(), 1U);
}

TEST(FindWorker, ObeysTheVariable) {
  ::setenv("BLASTUNE_WORKER", worker_program.c_str(), 1);
  const auto named = find_worker();
  ASSERT_TRUE(named);
  EXPECT_EQ(*named, worker_program);
  ::setenv("BLASTUNE_WORKER", "/etc/passwd", 1);
  const auto unusable = find_worker();
  ASSERT_FALSE(unusable);
  EXPECT_EQ(unusable.error().kind, ErrorKind::not_found);
  ::unsetenv("BLASTUNE_WORKER");
}

}  // namespace
}  // namespace blastune
