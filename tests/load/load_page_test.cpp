// SPDX-License-Identifier: BSD-3-Clause
#include "load/load_page.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <filesystem>
#include <limits>
#include <string>
#include <thread>

#include "tests/base/faulty_file_system.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t heartbeat = 1000 * second;

class LoadPageTest : public testing::Test {
 protected:
  LoadPageWriter make(std::int64_t unique = heartbeat) {
    auto made = LoadPageWriter::make(files_, directory_.path(), unique);
    EXPECT_TRUE(made.ok()) << made.error().text();
    return std::move(made).value();
  }
  void refresh() { reader_.refresh(directory_.path().c_str()); }
  // Over what the writer has written.
  void put(LoadPage::Word word, std::uint64_t value) const {
    const UniqueFd file(::open(path_.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_EQ(::pwrite(file.get(), &value, sizeof value, static_cast<off_t>(word * sizeof value)),
              static_cast<ssize_t>(sizeof value));
  }

  RealFileSystem files_;
  TemporaryDirectory directory_;
  std::string path_ = directory_.path() + "/load";
  LoadPageReader reader_;
};

TEST_F(LoadPageTest, WhatIsWrittenIsRead) {
  LoadPageWriter writer = make();
  EXPECT_EQ(reader_.sequence(), 0U);
  EXPECT_FALSE(reader_.read(heartbeat));
  refresh();
  EXPECT_FALSE(reader_.read(heartbeat)) << "nothing was written yet";
  const std::uint64_t empty = reader_.sequence();
  EXPECT_EQ(empty, static_cast<std::uint64_t>(heartbeat));
  writer.write(heartbeat, {96, 1234.56, 7.25});
  EXPECT_NE(reader_.sequence(), empty);
  const auto news = reader_.read(heartbeat + second / 10);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->heartbeat, heartbeat);
  EXPECT_EQ(news->use.processors, 96);
  EXPECT_EQ(news->use.busy_seconds, 1234.56);
  EXPECT_EQ(news->use.nice_seconds, 7.25);
  struct stat status {};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0644U);
  EXPECT_EQ(status.st_size, 4096);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(directory_.path()), {}), 1);
}

TEST_F(LoadPageTest, AHeartbeatThatStoppedOrIsYetToComeIsNoNews) {
  LoadPageWriter writer = make();
  refresh();
  writer.write(heartbeat, {4, 10, 1});
  EXPECT_TRUE(reader_.read(heartbeat));
  EXPECT_TRUE(reader_.read(heartbeat + second / 4));
  EXPECT_FALSE(reader_.read(heartbeat + second / 4 + 1));
  EXPECT_FALSE(reader_.read(heartbeat - 1));
  EXPECT_FALSE(reader_.read(std::numeric_limits<std::int64_t>::max()));
}

TEST_F(LoadPageTest, ValuesThatCannotBeAreNotTaken) {
  const auto bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  const struct {
    LoadPage::Word word;
    std::uint64_t value;
  } cases[] = {
      {LoadPage::magic_word, 0},
      {LoadPage::layout_word, 2},
      {LoadPage::sequence, 7},
      {LoadPage::heartbeat, 0},
      {LoadPage::heartbeat, std::uint64_t{1} << 63U},
      {LoadPage::processors, 0},
      {LoadPage::processors, std::uint64_t{1} << 40U},
      {LoadPage::busy, bits(std::numeric_limits<double>::quiet_NaN())},
      {LoadPage::busy, bits(std::numeric_limits<double>::infinity())},
      {LoadPage::busy, bits(-1)},
      {LoadPage::busy, bits(1e300)},
      {LoadPage::nice, bits(11)},
      {LoadPage::nice, bits(-1)},
      {LoadPage::nice, bits(std::numeric_limits<double>::quiet_NaN())},
  };
  for (const auto& one : cases) {
    LoadPageWriter writer = make();
    refresh();
    writer.write(heartbeat, {4, 10, 1});
    ASSERT_TRUE(reader_.read(heartbeat));
    put(one.word, one.value);
    EXPECT_FALSE(reader_.read(heartbeat)) << one.word << " is " << one.value;
  }
}

TEST_F(LoadPageTest, OnlyAFileThatCanBeTrustedIsMapped) {
  const auto is_taken = [this] {
    LoadPageReader reader;
    reader.refresh(directory_.path().c_str());
    return reader.sequence() != 0;
  };
  EXPECT_FALSE(is_taken());
  LoadPageWriter writer = make();
  EXPECT_TRUE(is_taken());
  for (const mode_t mode : {0664U, 0646U, 0666U}) {
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    EXPECT_FALSE(is_taken()) << mode;
  }
  ASSERT_EQ(::chmod(path_.c_str(), 0644), 0);
  for (const mode_t mode : {0777U, 0775U, 01777U}) {
    ASSERT_EQ(::chmod(directory_.path().c_str(), mode), 0);
    EXPECT_FALSE(is_taken()) << mode;
  }
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  EXPECT_TRUE(is_taken());
  if (::geteuid() == 0) {
    constexpr uid_t somebody = 12345;
    ASSERT_EQ(::chown(path_.c_str(), somebody, static_cast<gid_t>(-1)), 0);
    EXPECT_FALSE(is_taken());
    ASSERT_EQ(::chown(directory_.path().c_str(), somebody, static_cast<gid_t>(-1)), 0);
    EXPECT_TRUE(is_taken());
    ASSERT_EQ(::chown(path_.c_str(), 0, static_cast<gid_t>(-1)), 0);
    EXPECT_TRUE(is_taken()) << "root's";
    ASSERT_EQ(::chown(directory_.path().c_str(), 0, static_cast<gid_t>(-1)), 0);
  }
  put(LoadPage::magic_word, 1);
  EXPECT_FALSE(is_taken());
  put(LoadPage::magic_word, LoadPage::magic);
  put(LoadPage::layout_word, LoadPage::layout + 1);
  EXPECT_FALSE(is_taken());
  put(LoadPage::layout_word, LoadPage::layout);
  for (const off_t size : {0, 4095, 8192}) {
    ASSERT_EQ(::truncate(path_.c_str(), size), 0);
    EXPECT_FALSE(is_taken()) << size;
    EXPECT_FALSE(writer.is_in_place()) << size;
  }
  const std::string other = directory_.write("other", std::string(4096, '\0'));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(other, path_);
  EXPECT_FALSE(is_taken());
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0644), 0);
  EXPECT_FALSE(is_taken());
  std::filesystem::remove(path_);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(is_taken());
}

TEST_F(LoadPageTest, TheWriterRemovesItsPageAndTheReaderKeepsWhatItMapped) {
  {
    LoadPageWriter writer = make();
    writer.write(heartbeat, {4, 10, 1});
    refresh();
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
  refresh();
  EXPECT_TRUE(reader_.read(heartbeat));
  EXPECT_FALSE(reader_.read(heartbeat + second));
}

TEST_F(LoadPageTest, ThePageOfTheNextServiceTakesThePlaceOfTheFirst) {
  std::optional<LoadPageWriter> first = make(heartbeat);
  first->write(heartbeat, {4, 10, 1});
  refresh();
  first.reset();
  LoadPageWriter second_writer = make(heartbeat + second);
  second_writer.write(heartbeat + second, {8, 20, 2});
  const std::uint64_t before = reader_.sequence();
  refresh();
  EXPECT_NE(reader_.sequence(), before);
  const auto news = reader_.read(heartbeat + second);
  ASSERT_TRUE(news);
  EXPECT_EQ(news->use.processors, 8);
}

TEST_F(LoadPageTest, WhatSomebodyRemovesOrReplacesIsNotInPlace) {
  LoadPageWriter removed = make();
  EXPECT_TRUE(removed.is_in_place());
  std::filesystem::remove(path_);
  EXPECT_FALSE(removed.is_in_place());
  LoadPageWriter replaced = make();
  const LoadPageWriter other = make();
  EXPECT_FALSE(replaced.is_in_place());
  EXPECT_TRUE(other.is_in_place());
}

TEST_F(LoadPageTest, AFailureLeavesNothingAndSaysWhatToDo) {
  FaultyFileSystem files;
  {
    auto made = LoadPageWriter::make(files, directory_.path(), 2);
    ASSERT_TRUE(made.ok());
  }
  const std::size_t steps = files.steps().size();
  ASSERT_GT(steps, 3U);
  FaultyFileSystem without_room;
  without_room.fail_at = 2;
  without_room.error_number = ENOSPC;
  const auto made = LoadPageWriter::make(without_room, directory_.path(), 2);
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.error().what.find("load"), std::string::npos);
  EXPECT_NE(made.error().remedy.find(directory_.path()), std::string::npos);
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
  EXPECT_FALSE(LoadPageWriter::make(files_, directory_.path() + "/nowhere", 2).ok());
}

// Whatever the writer is in the middle of, the values of one reading belong together.
TEST_F(LoadPageTest, AReadingIsNeverTorn) {
  LoadPageWriter writer = make();
  refresh();
  std::atomic<bool> is_over{false};
  std::thread writing([&] {
    for (int i = 1; !is_over; ++i) {
      const int number = 1 + i % 1000;
      writer.write(heartbeat + number, {number, 2.0 * number, 1.0 * number});
    }
  });
  int read = 0;
  std::int64_t attempts = 0;
  constexpr std::int64_t most_attempts = 100'000'000;
  while (read < 20'000 && ++attempts < most_attempts) {
    const auto news = reader_.read(heartbeat + 1000);
    if (!news) continue;
    ++read;
    const int number = news->use.processors;
    if (news->heartbeat == heartbeat + number && news->use.busy_seconds == 2.0 * number &&
        news->use.nice_seconds == 1.0 * number)
      continue;
    ADD_FAILURE() << number << ' ' << news->heartbeat - heartbeat << ' ' << news->use.busy_seconds << ' '
                  << news->use.nice_seconds;
    break;
  }
  is_over = true;
  writing.join();
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace blastune
