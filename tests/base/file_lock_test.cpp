// SPDX-License-Identifier: BSD-3-Clause
#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
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

TEST(FileLock, TakesTheOthersPlaceAndReleasesItsOwn) {
  const TemporaryDirectory directory;
  auto first = FileLock::try_lock(directory.path("one"));
  auto second = FileLock::try_lock(directory.path("two"));
  ASSERT_TRUE(first && second);
  *first = std::move(*second);
  EXPECT_TRUE(FileLock::try_lock(directory.path("one")));
  EXPECT_FALSE(FileLock::try_lock(directory.path("two")));
}

TEST(FileLock, KnowsWhenItKeepsNobodyOut) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  {
    const auto first = FileLock::try_lock(path);
    ASSERT_TRUE(first);
    EXPECT_TRUE(first->is_held());
    std::filesystem::remove(path + ".lock");
    EXPECT_FALSE(first->is_held());
    std::optional<FileLock> second;
    auto locked = FileLock::try_lock(path);
    ASSERT_TRUE(locked);
    second.emplace(std::move(*locked));
    EXPECT_TRUE(second->is_held());
    EXPECT_FALSE(first->is_held());
    second.reset();
  }
  // The end of one that was lost does not remove another's.
  std::optional<FileLock> lost;
  lost.emplace(std::move(FileLock::try_lock(path)).value());
  std::filesystem::remove(path + ".lock");
  const auto present = FileLock::try_lock(path);
  lost.reset();
  EXPECT_TRUE(present->is_held());
}

// As the service's user, whose directory root has changed something in.
TEST(FileLock, AnotherUsersIsOneThatIsHeld) {
  const TemporaryDirectory directory;
  const auto path = directory.path("table.json");
  directory.write("table.json.lock", "1\n");
  std::filesystem::permissions(path + ".lock", std::filesystem::perms::none);
  constexpr uid_t stranger = 65534;
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(directory.path().c_str(), stranger, stranger), 0);
    ASSERT_EQ(::seteuid(stranger), 0);
  }
  const auto refused = FileLock::try_lock(path);
  (void)!::seteuid(::getuid());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().error_number, EWOULDBLOCK);
  EXPECT_NE(refused.error().remedy.find(path + ".lock"), std::string::npos);
  std::filesystem::remove(path + ".lock");
  if (::geteuid() != 0) return;
  const auto of_root = FileLock::try_lock(path);
  ASSERT_TRUE(of_root);
  ASSERT_EQ(::seteuid(stranger), 0);
  const auto held = FileLock::try_lock(path);
  ASSERT_EQ(::seteuid(0), 0);
  ASSERT_FALSE(held);
  EXPECT_NE(held.error().what.find("process "), std::string::npos)
      << "it could open it: " << held.error().what;
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
