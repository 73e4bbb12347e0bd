// SPDX-License-Identifier: BSD-3-Clause
//
// The prober and the search for builds as an event loop uses them: nothing waits. Where a worker hangs its
// time-out is ten minutes, so that a call that waited for it would never come back in time.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "tests/tuner/event_loop.h"
#include "tests/tuner/worker_fixtures.h"
#include "tuner/build_discovery.h"
#include "tuner/worker_prober.h"

namespace blastune {
namespace {

using testing::drive;
using testing::fake_blas;
using testing::fake_worker;
using testing::is_ready;
using testing::open_descriptors;
using testing::worker_program;

// More than any of these takes, far less than calls without waiting.
constexpr int few_advances = 60;

BurstRequest burst(std::int64_t m) {
  BurstRequest request;
  request.gemm = Gemm{DType::f64, Transpose::none, Transpose::none, m, 20, 30};
  request.threads = 1;
  request.calls = 3;
  return request;
}

WorkerProberOptions patient_for(double load_seconds, double burst_seconds) {
  WorkerProberOptions options;
  options.load_seconds = load_seconds;
  options.least_burst_seconds = burst_seconds;
  return options;
}

std::unique_ptr<WorkerProber> launched(const std::string& behaviour, const WorkerProberOptions& options) {
  auto prober = WorkerProber::launch(fake_worker, behaviour, options);
  EXPECT_TRUE(prober) << prober.error().text();
  return prober ? std::move(*prober) : nullptr;
}

// After its hello.
std::unique_ptr<WorkerProber> loaded(const std::string& behaviour, const WorkerProberOptions& options) {
  auto prober = launched(behaviour, options);
  int advances = 0;
  const auto hello = drive(*prober, advances);
  EXPECT_TRUE(hello) << hello.error().text();
  EXPECT_TRUE(!hello || hello->empty());
  EXPECT_LT(advances, few_advances);
  return prober;
}

// Nothing of this process is left over from the test.
class WorkerSteps : public ::testing::Test {
 protected:
  void SetUp() override { descriptors_ = open_descriptors(); }
  void TearDown() override {
    EXPECT_EQ(open_descriptors(), descriptors_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD) << "a child was not reaped";
  }

 private:
  std::ptrdiff_t descriptors_ = 0;
};

TEST_F(WorkerSteps, AWorkerThatLoadsForEverHoldsNobodyUp) {
  auto prober = launched("mute", patient_for(600, 600));
  EXPECT_TRUE(prober->busy());
  EXPECT_FALSE(prober->advance());
  EXPECT_FALSE(is_ready(prober->ready_fd()));
  EXPECT_GT(testing::seconds_until(prober->deadline()), 0);
  EXPECT_FALSE(prober->ask({burst(1)})) << "it is loading";
  const auto process = prober->process();
  ASSERT_TRUE(process);
  EXPECT_EQ(::kill(*process, 0), 0);
  prober->abandon();
  EXPECT_FALSE(prober->busy());
  EXPECT_FALSE(prober->process());
  EXPECT_NE(::kill(*process, 0), 0);
  EXPECT_TRUE(std::isinf(prober->deadline()));
  EXPECT_FALSE(prober->advance());
}

TEST_F(WorkerSteps, AWorkerThatLoadsTooLongIsGivenUpAndMayBeTriedAgain) {
  auto prober = launched("mute", patient_for(0.3, 600));
  for (int attempts = 0; attempts < 2; ++attempts) {
    int advances = 0;
    const auto hello = drive(*prober, advances);
    ASSERT_FALSE(hello);
    EXPECT_EQ(hello.error().kind, ErrorKind::timed_out);
    EXPECT_LT(advances, few_advances);
    EXPECT_FALSE(prober->busy());
    EXPECT_FALSE(is_ready(prober->ready_fd()));
    ASSERT_TRUE(prober->ask({}));
    EXPECT_LE(prober->deadline(), 0) << "nothing will make it ready";
    // No burst is no reason for a worker.
    ASSERT_TRUE(drive(*prober, advances));
    ASSERT_TRUE(prober->ask({burst(1)}));
  }
  prober->abandon();
}

TEST_F(WorkerSteps, AHangingBurstHoldsNobodyUp) {
  auto prober = loaded("hangs", patient_for(600, 600));
  const int fd = prober->ready_fd();
  ASSERT_TRUE(prober->ask({burst(13), burst(2)}));
  EXPECT_FALSE(prober->advance());
  EXPECT_FALSE(is_ready(fd));
  const auto hung = prober->process();
  ASSERT_TRUE(hung);
  prober->abandon();
  EXPECT_FALSE(prober->process());
  ASSERT_TRUE(prober->ask({burst(2)}));
  int advances = 0;
  const auto answers = drive(*prober, advances);
  ASSERT_TRUE(answers) << answers.error().text();
  EXPECT_TRUE(answers->front());
  EXPECT_EQ(prober->lost_bursts(), 0);
  EXPECT_EQ(prober->restarts(), 1);
  EXPECT_EQ(prober->ready_fd(), fd);
}

TEST_F(WorkerSteps, EveryWayOfFailingCostsItsBurstOnly) {
  for (const char* behaviour : {"floods", "floods-lines", "floods-errors", "other-number", "too-few",
                                "empty-line", "hangs", "closes-output", "leaves", "dies", "gives-up"}) {
    SCOPED_TRACE(behaviour);
    auto prober = loaded(behaviour, patient_for(60, 1));
    const int fd = prober->ready_fd();
    ASSERT_TRUE(prober->ask({burst(1), burst(13), burst(3)}));
    int advances = 0;
    const auto answers = drive(*prober, advances);
    ASSERT_TRUE(answers) << answers.error().text();
    ASSERT_EQ(answers->size(), 3U);
    EXPECT_TRUE((*answers)[0]);
    EXPECT_FALSE((*answers)[1]);
    EXPECT_TRUE((*answers)[2]);
    EXPECT_EQ(prober->lost_bursts(), 1);
    EXPECT_EQ(prober->ready_fd(), fd);
    EXPECT_FALSE(prober->busy());
    // What floods gives its reader work.
    if (std::string(behaviour).find("floods") == std::string::npos) {
      EXPECT_LT(advances, few_advances);
    }
  }
}

TEST_F(WorkerSteps, AWorkerThatAlwaysDiesIsGivenUp) {
  auto prober = loaded("dies", patient_for(60, 60));
  ASSERT_TRUE(prober->ask(std::vector<BurstRequest>(50, burst(13))));
  int advances = 0;
  const auto answers = drive(*prober, advances);
  ASSERT_FALSE(answers);
  EXPECT_EQ(answers.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(prober->restarts(), 8);
  // And stays given up.
  ASSERT_TRUE(prober->ask({burst(1)}));
  EXPECT_FALSE(drive(*prober, advances));
  EXPECT_EQ(prober->restarts(), 8);
}

TEST_F(WorkerSteps, AnIdleWorkersEndIsNoticedAndCostsNothing) {
  auto prober = loaded("honest", patient_for(60, 60));
  int advances = 0;
  for (int i = 0; i < 2; ++i) {
    SCOPED_TRACE(i);
    ASSERT_TRUE(prober->ask({burst(1)}));
    ASSERT_TRUE(drive(*prober, advances));
    EXPECT_FALSE(is_ready(prober->ready_fd()));
    EXPECT_TRUE(std::isinf(prober->deadline()));
    ASSERT_TRUE(prober->process());
    ::kill(*prober->process(), SIGKILL);
    for (int turns = 0; prober->process() && turns < few_advances; ++turns) {
      wait_until_ready(prober->ready_fd(), 60);
      EXPECT_FALSE(prober->advance());
    }
    EXPECT_FALSE(prober->process());
    EXPECT_FALSE(is_ready(prober->ready_fd()));
  }
  ASSERT_TRUE(prober->ask({burst(1)}));
  ASSERT_TRUE(drive(*prober, advances));
  EXPECT_EQ(prober->lost_bursts(), 0);
  EXPECT_EQ(prober->restarts(), 2);
}

TEST_F(WorkerSteps, WhatCannotBeMeantIsNotAsked) {
  auto prober = loaded("honest", patient_for(60, 60));
  const auto asked = prober->ask({burst(1), burst(0)});
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error().kind, ErrorKind::usage);
  EXPECT_FALSE(prober->busy());
  ASSERT_TRUE(prober->ask({burst(1)}));
  const std::vector<BurstRequest> more = {burst(2)};
  EXPECT_FALSE(prober->run(more)) << "something is under way";
  int advances = 0;
  const auto answers = drive(*prober, advances);
  ASSERT_TRUE(answers);
  EXPECT_EQ(answers->size(), 1U);
  EXPECT_TRUE(prober->run(more)) << "both ways can be used in turn";
}

TEST_F(WorkerSteps, ManyRequestsFindRoomWithoutSpinning) {
  auto prober = loaded("honest", patient_for(60, 60));
  constexpr std::size_t many = 20000;  // far more than a pipe holds
  ASSERT_TRUE(prober->ask(std::vector<BurstRequest>(many, burst(2))));
  int advances = 0;
  const auto answers = drive(*prober, advances);
  ASSERT_TRUE(answers) << answers.error().text();
  for (const auto& answer : *answers) ASSERT_TRUE(answer);
  EXPECT_LT(advances, static_cast<int>(2 * many));
  EXPECT_FALSE(is_ready(prober->ready_fd()));
}

// ---- the search for builds ----

DiscoveryOptions only(std::vector<std::string> files, double load_seconds) {
  DiscoveryOptions options;
  options.names.clear();
  options.files = std::move(files);
  options.worker_options.load_seconds = load_seconds;
  return options;
}

TEST_F(WorkerSteps, ALibraryThatHangsHoldsNobodyUp) {
  BuildSearch search(worker_program, only({fake_blas("hang_on_load"), fake_blas("honest")}, 600));
  EXPECT_LE(search.deadline(), 0) << "begins when it is advanced";
  const int fd = search.ready_fd();
  EXPECT_GE(fd, 0);
  EXPECT_FALSE(search.advance());
  EXPECT_EQ(search.ready_fd(), fd);
  EXPECT_FALSE(search.advance());
  EXPECT_GT(testing::seconds_until(search.deadline()), 0);
}

TEST_F(WorkerSteps, TheSearchFindsWhatTheWaitingOneFinds) {
  const auto options = only({fake_blas("honest"), fake_blas("crash_on_load"), fake_blas("hang_on_load"),
                             fake_blas("openmp_0_3_27"), "/no/such/libopenblas.so.0"},
                            1);
  BuildSearch search(worker_program, options);
  int advances = 0;
  const auto found = drive(search, advances);
  ASSERT_TRUE(found) << found.error().text();
  EXPECT_LT(advances, few_advances);
  const auto waited = discover_builds(worker_program, options);
  ASSERT_TRUE(waited);
  ASSERT_EQ(found->builds.size(), 2U);
  ASSERT_EQ(waited->builds.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) EXPECT_EQ(found->builds[i].names, waited->builds[i].names);
  EXPECT_TRUE(found->builds[0].is_default);
  EXPECT_EQ(found->unusable.size(), 3U);
  EXPECT_EQ(waited->unusable.size(), 3U);
}

TEST_F(WorkerSteps, TheSearchForOneEndsAtTheFirst) {
  BuildSearch search(worker_program,
                     only({fake_blas("crash_on_load"), fake_blas("honest"), fake_blas("hang_on_load")}, 600),
                     BuildSearch::Wanted::first_build);
  int advances = 0;
  const auto found = drive(search, advances);
  ASSERT_TRUE(found) << found.error().text();
  ASSERT_EQ(found->builds.size(), 1U);
  EXPECT_EQ(found->unusable.size(), 1U);
}

TEST_F(WorkerSteps, TheSearchEndsWithoutAWorker) {
  BuildSearch search("/no/worker", only({fake_blas("honest")}, 600));
  int advances = 0;
  EXPECT_FALSE(drive(search, advances));
}

// ---- when the program that started the worker is killed ----

// Runs `program` in a process of its own until it says that it is ready, and kills that process so much
// later. True when all that it started ended too.
bool nothing_survives(const std::function<void()>& program, unsigned microseconds = 0) {
  int ready[2];
  if (::pipe(ready) != 0) return false;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whatever survives becomes a child of this process
  const pid_t helper = ::fork();
  if (helper == 0) {
    if (microseconds > 0) (void)!::write(ready[1], "r", 1);
    program();
    (void)!::write(ready[1], "r", 1);
    while (true) ::pause();
  }
  char byte = 0;
  const bool is_there = ::read(ready[0], &byte, 1) == 1;
  ::close(ready[0]);
  ::close(ready[1]);
  if (microseconds > 0) ::usleep(microseconds);
  ::kill(helper, SIGKILL);
  // Half a minute for what takes a moment.
  for (int turns = 0; turns < 30000; ++turns) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended < 0 && errno == ECHILD) return is_there;
    if (ended == 0) ::usleep(1000);
  }
  return false;
}

class WorkerOfAKilledProgram : public WorkerSteps {};

TEST_F(WorkerOfAKilledProgram, DiesWhileItLoads) {
  EXPECT_TRUE(nothing_survives([] {
    // Neither reads its input nor asks to die.
    auto fake = WorkerProber::launch(fake_worker, "mute", patient_for(600, 600));
    auto real = WorkerProber::launch(worker_program, fake_blas("hang_on_load"), patient_for(600, 600));
    if (!fake || !real) ::_exit(1);
    (void)fake->release();
    (void)real->release();
  }));
}

TEST_F(WorkerOfAKilledProgram, DiesInItsBurstAndIdle) {
  EXPECT_TRUE(nothing_survives([] {
    auto hung = WorkerProber::start(fake_worker, "hangs", patient_for(600, 600));
    auto idle = WorkerProber::start(worker_program, fake_blas("honest"), patient_for(600, 600));
    if (!hung || !idle || !(*hung)->ask({burst(13)}) || (*hung)->advance()) ::_exit(1);
    (void)hung->release();
    (void)idle->release();
  }));
}

TEST_F(WorkerOfAKilledProgram, DiesAtWhateverMomentThatIs) {
  for (unsigned i = 1; i <= 60; ++i) {
    ASSERT_TRUE(nothing_survives(
        [] {
          auto prober = WorkerProber::launch(fake_worker, "mute", patient_for(600, 600));
          if (prober) (void)prober->release();
        },
        i * 25));
  }
}

}  // namespace
}  // namespace blastune
