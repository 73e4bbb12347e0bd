// SPDX-License-Identifier: BSD-3-Clause
#include "load/own_use.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <thread>

namespace blastune {
namespace {

// Works for so much processor time, however long that takes.
void work(double seconds) {
  timespec time{};
  const auto now = [&time] {
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double end = now() + seconds;
  while (now() < end) {
  }
}

TEST(OwnUse, HoldsTheThreadsThatEnded) {
  const double before = own_cpu_seconds();
  std::thread(work, 0.03).join();
  work(0.02);
  EXPECT_GE(own_cpu_seconds() - before, 0.05);
}

TEST(OwnUse, AProcessIsCountedFromWhileItRunsUntilItIsWaitedFor) {
  const double before = own_cpu_seconds();
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    work(0.05);
    ::_exit(0);
  }
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  const auto used = process_cpu_seconds(child);  // it has ended
  ASSERT_TRUE(used);
  EXPECT_GE(*used, 0.05);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_FALSE(process_cpu_seconds(child));
  // To the microseconds that the two ways of counting are told in.
  EXPECT_GE(own_cpu_seconds() - before, *used - 1e-3);
}

TEST(OwnUse, NoSuchProcess) {
  EXPECT_FALSE(process_cpu_seconds(0));
  EXPECT_FALSE(process_cpu_seconds(-1));
  EXPECT_FALSE(process_cpu_seconds(1 << 30));
  EXPECT_TRUE(process_cpu_seconds(::getpid()));
}

}  // namespace
}  // namespace blastune
