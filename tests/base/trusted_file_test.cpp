// SPDX-License-Identifier: BSD-3-Clause
#include "base/trusted_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/base/faulty_file_system.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

class TrustedFileTest : public testing::Test {
 protected:
  RealFileSystem files_;
  TemporaryDirectory directory_;
};

// Says of every file, or of every directory, that it belongs to someone else, which only root could arrange.
class OtherOwners final : public FileSystem {
 public:
  uid_t file_owner = 0;
  uid_t directory_owner = 0;
  std::uint64_t announced_size = UINT64_MAX;  // smaller than the file: as if it grew while it is read

  Result<FileStatus> status(int fd) override {
    auto status = real_.status(fd);
    if (status) {
      status->owner = file_owner;
      status->size = std::min(status->size, announced_size);
    }
    return status;
  }
  Result<FileStatus> status(const std::string& path) override {
    auto status = real_.status(path);
    if (status) status->owner = directory_owner;
    return status;
  }
  Result<UniqueFd> open_for_reading(const std::string& path) override { return real_.open_for_reading(path); }
  Result<UniqueFd> create_exclusively(const std::string& path, mode_t mode) override {
    return real_.create_exclusively(path, mode);
  }
  Result<std::size_t> read_some(int fd, std::span<char> bytes) override { return real_.read_some(fd, bytes); }
  Result<std::size_t> write_some(int fd, std::string_view bytes) override {
    return real_.write_some(fd, bytes);
  }
  Result<void> set_mode(int fd, mode_t mode) override { return real_.set_mode(fd, mode); }
  Result<void> sync(int fd) override { return real_.sync(fd); }
  Result<void> sync_directory(const std::string& path) override { return real_.sync_directory(path); }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return real_.rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return real_.remove(path); }
  Result<void> create_directory(const std::string& path, mode_t mode) override {
    return real_.create_directory(path, mode);
  }
  Result<std::vector<std::string>> list_directory(const std::string& path) override {
    return real_.list_directory(path);
  }

 private:
  RealFileSystem real_;
};

TEST_F(TrustedFileTest, ReadsAllBytes) {
  const std::string bytes("a\0b\n\xff", 5);
  EXPECT_EQ(read_trusted_file(files_, directory_.write("file", bytes), 5).value(), bytes);
  EXPECT_EQ(read_trusted_file(files_, directory_.write("empty", ""), 0).value(), "");
  const std::string large(1'000'000, 'x');
  EXPECT_EQ(read_trusted_file(files_, directory_.write("large", large), large.size()).value(), large);
}

TEST_F(TrustedFileTest, RefusesOneByteTooMany) {
  const auto result = read_trusted_file(files_, directory_.write("file", "123456"), 5);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::invalid_data);
}

TEST_F(TrustedFileTest, IsBoundedWhenTheFileGrows) {
  OtherOwners files;
  files.announced_size = 3;
  const auto path = directory_.write("file", std::string(100'000, 'x'));
  EXPECT_EQ(read_trusted_file(files, path, 99'999).error().kind, ErrorKind::invalid_data);
  EXPECT_EQ(read_trusted_file(files, path, 100'000).value().size(), 100'000U);
}

TEST_F(TrustedFileTest, RefusesWhatOthersCanWrite) {
  const auto path = directory_.write("file", "x");
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    const auto result = read_trusted_file(files_, path, 10);
    ASSERT_FALSE(result) << std::oct << mode;
    EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
    EXPECT_EQ(result.error().remedy, "run: chmod go-w " + path);
    EXPECT_TRUE(read_file(files_, path, 10));
  }
}

TEST_F(TrustedFileTest, JudgesTheOwner) {
  const auto path = directory_.write("file", "x");
  const uid_t stranger = ::geteuid() + 12345;
  OtherOwners files;
  files.file_owner = 0;
  files.directory_owner = stranger + 1;
  EXPECT_TRUE(read_trusted_file(files, path, 10));
  files.file_owner = ::geteuid();
  EXPECT_TRUE(read_trusted_file(files, path, 10));
  files.file_owner = stranger;
  EXPECT_FALSE(read_trusted_file(files, path, 10));
  files.directory_owner = stranger;
  EXPECT_TRUE(read_trusted_file(files, path, 10));
}

TEST_F(TrustedFileTest, RefusesDirectoriesPipesAndDevices) {
  EXPECT_EQ(read_trusted_file(files_, directory_.path(), 10).error().kind, ErrorKind::unavailable);
  ASSERT_EQ(::mkfifo(directory_.path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(read_trusted_file(files_, directory_.path("pipe"), 10).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(read_trusted_file(files_, "/dev/zero", 10).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(read_trusted_file(files_, directory_.path("absent"), 10).error().kind, ErrorKind::not_found);
}

TEST_F(TrustedFileTest, SurvivesShortReadsAndEveryFailingStep) {
  const std::string bytes(20'000, 'y');
  const auto path = directory_.write("file", bytes);
  FaultyFileSystem slow;
  slow.most_bytes = 7;
  EXPECT_EQ(read_trusted_file(slow, path, 20'000).value(), bytes);
  for (std::size_t step = 0;; ++step) {
    FaultyFileSystem faulty;
    faulty.fail_at = step;
    const auto result = read_trusted_file(faulty, path, 20'000);
    if (faulty.steps().size() <= step) break;
    ASSERT_FALSE(result) << faulty.steps()[step];
  }
}

TEST(DirectoryOf, IsTheDirectory) {
  EXPECT_EQ(directory_of("a/b/c"), "a/b");
  EXPECT_EQ(directory_of("/a"), "/");
  EXPECT_EQ(directory_of("a"), ".");
}

}  // namespace
}  // namespace blastune
