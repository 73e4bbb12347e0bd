// SPDX-License-Identifier: BSD-3-Clause
#include "base/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "tests/base/faulty_file_system.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class AtomicFileTest : public testing::Test {
 protected:
  RealFileSystem files_;
  TemporaryDirectory directory_;
};

std::size_t position(const std::vector<std::string>& steps, const std::string& name) {
  return static_cast<std::size_t>(std::ranges::find(steps, name) - steps.begin());
}

TEST_F(AtomicFileTest, ReplacesBytesAndMode) {
  const auto path = directory_.write("table.json", "old");
  ASSERT_TRUE(replace_file(files_, path, "new bytes"));
  EXPECT_EQ(directory_.read("table.json"), "new bytes");
  EXPECT_EQ(files_.status(path)->mode, 0644U);
  ASSERT_TRUE(replace_file(files_, path, "", {.mode = 0600}));
  EXPECT_EQ(directory_.read("table.json"), "");
  EXPECT_EQ(files_.status(path)->mode, 0600U);
  EXPECT_EQ(directory_.names(), std::vector<std::string>({"table.json"}));
}

TEST_F(AtomicFileTest, TheModeDoesNotDependOnTheUmask) {
  const mode_t before = ::umask(0077);
  EXPECT_TRUE(replace_file(files_, directory_.path("file"), "x"));
  ::umask(before);
  EXPECT_EQ(files_.status(directory_.path("file"))->mode, 0644U);
}

TEST_F(AtomicFileTest, FlushesAndReadsBackBeforeTheOldFileIsGivenUp) {
  FaultyFileSystem files;
  ASSERT_TRUE(replace_file(files, directory_.path("file"), "x"));
  const auto& steps = files.steps();
  EXPECT_LT(position(steps, "write"), position(steps, "sync"));
  EXPECT_LT(position(steps, "sync"), position(steps, "rename"));
  EXPECT_LT(position(steps, "read"), position(steps, "rename"));
  EXPECT_LT(position(steps, "rename"), position(steps, "sync_directory"));
  EXPECT_EQ(steps.back(), "sync_directory");
}

TEST_F(AtomicFileTest, WritesEverythingInShortWrites) {
  FaultyFileSystem files;
  files.most_bytes = 3;
  const std::string bytes(1000, 'z');
  ASSERT_TRUE(replace_file(files, directory_.path("file"), bytes));
  EXPECT_EQ(directory_.read("file"), bytes);
}

TEST_F(AtomicFileTest, EveryFailingStepLeavesOldOrNewAndNoTemporary) {
  for (const int error_number : {EIO, ENOSPC, EDQUOT, EROFS, EACCES, EINTR}) {
    for (std::size_t step = 0;; ++step) {
      const auto path = directory_.write("file", "old");
      FaultyFileSystem files;
      files.fail_at = step;
      files.error_number = error_number;
      files.most_bytes = 2;
      const auto result = replace_file(files, path, "new!");
      if (files.steps().size() <= step) {
        EXPECT_TRUE(result);
        break;
      }
      const auto now = directory_.read("file");
      EXPECT_TRUE(result ? now == "new!" : now == "old" || files.steps()[step] == "sync_directory")
          << files.steps()[step] << " " << now;
      EXPECT_EQ(directory_.names().size(), 1U) << files.steps()[step];
      if (!result) {
        EXPECT_NE(result.error().what.find(path), std::string::npos);
        EXPECT_FALSE(result.error().remedy.empty());
      }
    }
  }
}

TEST_F(AtomicFileTest, ACrashBeforeAnyStepLeavesOldOrNew) {
  for (std::size_t step = 0;; ++step) {
    const TemporaryDirectory directory;  // a crash leaves its temporary, which is a further step for the next
    const auto path = directory.write("file", "old");
    FaultyFileSystem files;
    files.crash_at = step;
    files.most_bytes = 2;
    const auto result = replace_file(files, path, "new!");
    if (files.steps().size() <= step) {
      EXPECT_TRUE(result);
      break;
    }
    const auto now = directory.read("file");
    EXPECT_TRUE(now == "old" || now == "new!") << step << " " << now;
    EXPECT_EQ(now == "new!", step > position(files.steps(), "rename"));
  }
}

TEST_F(AtomicFileTest, SweepsOnlyItsOwnOldTemporaries) {
  const auto old_time = std::time(nullptr) - 3600;
  const auto make = [&](const std::string& name, bool old) {
    const auto path = directory_.write(name, "left");
    const utimbuf times{old_time, old_time};
    if (old) {
      ASSERT_EQ(::utime(path.c_str(), &times), 0);
    }
  };
  make(".file.0123456789abcdef.tmp", true);
  make(".file.fedcba9876543210.tmp", false);  // may have a living writer
  make(".other.0123456789abcdef.tmp", true);  // of another file
  make(".file.0123456789ABCDEF.tmp", true);   // not a name that we make
  make(".file.0123.tmp", true);
  make("file.tmp", true);
  ASSERT_TRUE(replace_file(files_, directory_.path("file"), "new"));
  auto names = directory_.names();
  std::ranges::sort(names);
  EXPECT_EQ(names, std::vector<std::string>({".file.0123.tmp", ".file.0123456789ABCDEF.tmp",
                                             ".file.fedcba9876543210.tmp", ".other.0123456789abcdef.tmp",
                                             "file", "file.tmp"}));
}

TEST_F(AtomicFileTest, MakesTwoMissingDirectoriesAndNoMore) {
  ASSERT_TRUE(replace_file(files_, directory_.path(".cache/blastune/table.json"), "x"));
  EXPECT_EQ(directory_.read(".cache/blastune/table.json"), "x");
  EXPECT_EQ(files_.status(directory_.path(".cache/blastune"))->mode & 0022U, 0U);
  const auto result = replace_file(files_, directory_.path("a/b/c/table.json"), "x");
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().remedy.find("create the directory"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(directory_.path("a")));
}

TEST_F(AtomicFileTest, RefusesWhatIsNoRegularFile) {
  ASSERT_EQ(::mkfifo(directory_.path("pipe").c_str(), 0600), 0);
  for (const auto& path : {directory_.path(), directory_.path("pipe"), std::string("/dev/null"),
                           std::string(), directory_.path("absent/")}) {
    const auto result = replace_file(files_, path, "x");
    ASSERT_FALSE(result) << path;
    EXPECT_EQ(result.error().kind, ErrorKind::usage) << path;
  }
  EXPECT_FALSE(files_.status(directory_.path("pipe"))->regular);
}

TEST_F(AtomicFileTest, HasTheRemedyThatFitsTheCause) {
  const auto remedy = [&](int error_number) {
    FaultyFileSystem files;
    files.error_number = error_number;
    files.fail_at = 2;  // creating the temporary
    const auto result = replace_file(files, directory_.path("file"), "x");
    EXPECT_EQ(files.steps().at(2), "create");
    return result ? std::string() : result.error().remedy;
  };
  EXPECT_NE(remedy(ENOSPC).find("free some space"), std::string::npos);
  EXPECT_NE(remedy(EROFS).find("read-only"), std::string::npos);
  EXPECT_NE(remedy(EACCES).find("writable"), std::string::npos);
  for (const int number : {ENOSPC, EROFS, EACCES, EIO}) {
    EXPECT_NE(remedy(number).find("BLASTUNE_TABLE"), std::string::npos);
  }
}

}  // namespace
}  // namespace blastune
