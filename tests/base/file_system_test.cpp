// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class RealFileSystemTest : public testing::Test {
 protected:
  RealFileSystem files_;
  TemporaryDirectory directory_;
};

TEST_F(RealFileSystemTest, WritesAndReadsInSteps) {
  const auto path = directory_.path("file");
  {
    const auto fd = files_.create_exclusively(path, 0600);
    ASSERT_TRUE(fd);
    EXPECT_EQ(files_.write_some(fd->get(), "hello").value(), 5U);
    EXPECT_TRUE(files_.set_mode(fd->get(), 0640));
    EXPECT_TRUE(files_.sync(fd->get()));
  }
  EXPECT_TRUE(files_.sync_directory(directory_.path()));
  const auto fd = files_.open_for_reading(path);
  ASSERT_TRUE(fd);
  std::string bytes(10, '\0');
  EXPECT_EQ(files_.read_some(fd->get(), bytes).value(), 5U);
  EXPECT_EQ(bytes.substr(0, 5), "hello");
  EXPECT_EQ(files_.read_some(fd->get(), bytes).value(), 0U);
  const auto status = files_.status(fd->get());
  ASSERT_TRUE(status);
  EXPECT_TRUE(status->regular);
  EXPECT_EQ(status->mode, 0640U);
  EXPECT_EQ(status->owner, ::geteuid());
  EXPECT_EQ(status->size, 5U);
  EXPECT_GT(status->modified_unix, 1'000'000'000);
}

TEST_F(RealFileSystemTest, CreatesNothingOverWhatIsThere) {
  EXPECT_EQ(files_.create_exclusively(directory_.write("file", "x"), 0600).error().error_number, EEXIST);
  std::filesystem::create_symlink("nowhere", directory_.path("link"));
  EXPECT_EQ(files_.create_exclusively(directory_.path("link"), 0600).error().error_number, EEXIST);
  EXPECT_FALSE(std::filesystem::exists(directory_.path("nowhere")));
}

TEST_F(RealFileSystemTest, NamesWhatIsMissing) {
  const auto result = files_.open_for_reading(directory_.path("absent"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::not_found);
  EXPECT_NE(result.error().what.find(directory_.path("absent")), std::string::npos);
  EXPECT_EQ(files_.status(directory_.path("absent")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(files_.list_directory(directory_.path("absent")).error().kind, ErrorKind::not_found);
  EXPECT_EQ(files_.remove(directory_.path("absent")).error().error_number, ENOENT);
  EXPECT_EQ(files_.rename(directory_.path("absent"), directory_.path("b")).error().error_number, ENOENT);
}

TEST_F(RealFileSystemTest, DoesNotWaitForTheWriterOfAPipe) {
  const auto path = directory_.path("pipe");
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto fd = files_.open_for_reading(path);
  ASSERT_TRUE(fd);
  EXPECT_FALSE(files_.status(fd->get())->regular);
}

TEST_F(RealFileSystemTest, HandsNoDescriptorToChildren) {
  const auto made = files_.create_exclusively(directory_.path("file"), 0600);
  const auto opened = files_.open_for_reading(directory_.path("file"));
  EXPECT_NE(::fcntl(made->get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(opened->get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST_F(RealFileSystemTest, ListsAndCreatesDirectories) {
  EXPECT_TRUE(files_.create_directory(directory_.path("sub"), 0755));
  EXPECT_EQ(files_.create_directory(directory_.path("sub"), 0755).error().error_number, EEXIST);
  directory_.write("file", "");
  auto names = files_.list_directory(directory_.path());
  ASSERT_TRUE(names);
  std::ranges::sort(*names);
  EXPECT_EQ(*names, std::vector<std::string>({"file", "sub"}));
  EXPECT_TRUE(files_.remove(directory_.path("file")));
  EXPECT_EQ(files_.list_directory(directory_.path())->size(), 1U);
}

}  // namespace
}  // namespace blastune
