// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <optional>
#include <thread>

#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

TEST(FileLock, KeepsASecondHolderOutAndNamesTheFirst) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  {
    const auto first = FileLock::try_lock(path);
    ASSERT_TRUE(first);
    const auto second = FileLock::try_lock(path);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().kind, ErrorKind::unavailable);
    EXPECT_NE(second.error().what.find("process " + std::to_string(::getpid())), std::string::npos);
    EXPECT_FALSE(second.error().remedy.empty());
    EXPECT_TRUE(FileLock::try_lock(directory.path("other.json")));
  }
  EXPECT_TRUE(FileLock::try_lock(path));
  EXPECT_TRUE(directory.names().empty());
}

TEST(FileLock, CannotBeHeldByThoseWhoMayOnlyRead) {
  const TemporaryDirectory directory;
  const auto lock = FileLock::try_lock(directory.path("table.json"));
  struct stat status {};
  ASSERT_EQ(::stat(directory.path("table.json.lock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0077U, 0U);
}

TEST(FileLock, FollowsNoLink) {
  const TemporaryDirectory directory;
  directory.write("victim", "precious");
  std::filesystem::create_symlink("victim", directory.path("table.json.lock"));
  EXPECT_FALSE(FileLock::try_lock(directory.path("table.json")));
  EXPECT_EQ(directory.read("victim"), "precious");
}

TEST(FileLock, MovesWithItsOwner) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  std::optional<FileLock> kept;
  {
    auto first = FileLock::try_lock(path);
    ASSERT_TRUE(first);
    kept.emplace(std::move(*first));
  }
  EXPECT_FALSE(FileLock::try_lock(path));
  kept.reset();
  EXPECT_TRUE(FileLock::try_lock(path));
}

TEST(FileLock, EndsWithTheProcessThatHeldIt) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  std::array<int, 2> ready{};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto lock = FileLock::try_lock(path);
    (void)!::write(ready[1], lock ? "y" : "n", 1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  const auto kept_out = FileLock::try_lock(path);
  ASSERT_FALSE(kept_out);
  EXPECT_NE(kept_out.error().what.find("process " + std::to_string(child)), std::string::npos);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileLock::try_lock(path));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(FileLock, HasOneHolderWhenManyTryAndRelease) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  std::atomic<int> holders = 0;
  std::atomic<int> most_holders = 0;
  const auto work = [&] {
    for (int done = 0; done < 200;) {
      const auto lock = FileLock::try_lock(path);
      if (!lock) {
        std::this_thread::yield();
        continue;
      }
      const int now = ++holders;
      if (now > most_holders) most_holders = now;
      std::this_thread::yield();
      --holders;
      ++done;
    }
  };
  {
    const std::jthread first(work);
    const std::jthread second(work);
    const std::jthread third(work);
  }
  EXPECT_EQ(most_holders, 1);
}

}  // namespace
}  // namespace blastune
