// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/worker_prober.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "tests/tuner/worker_fixtures.h"

namespace blastune {
namespace {

using testing::debian_build;
using testing::debian_flavours;
using testing::fake_blas;
using testing::fake_worker;
using testing::worker_program;

BurstRequest burst(std::int64_t m, int threads = 1, int calls = 3) {
  BurstRequest request;
  request.gemm = Gemm{DType::f64, Transpose::none, Transpose::none, m, 20, 30};
  request.threads = threads;
  request.calls = calls;
  return request;
}

WorkerProberOptions patient_for(double seconds) {
  WorkerProberOptions options;
  options.least_burst_seconds = seconds;
  return options;
}

void expect_answered(const std::optional<BurstResult>& result, const BurstRequest& request) {
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->seconds.size(), static_cast<std::size_t>(request.calls));
  for (const double seconds : result->seconds) EXPECT_GT(seconds, 0);
  EXPECT_GT(result->context.wall_seconds, 0);
}

// A worker that misbehaves at the third of five bursts, in the way its parameter names.
class MisbehavingWorker : public ::testing::TestWithParam<const char*> {};

TEST_P(MisbehavingWorker, CostsThatBurstOnly) {
  auto prober = WorkerProber::start(fake_worker, GetParam(), patient_for(3));
  ASSERT_TRUE(prober) << prober.error().text();
  const std::vector<BurstRequest> requests = {burst(1), burst(2), burst(13), burst(4, 2, 7), burst(5)};
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results) << results.error().text();
  ASSERT_EQ(results->size(), requests.size());
  for (std::size_t i = 0; i < requests.size(); ++i) {
    SCOPED_TRACE(i);
    if (i == 2)
      EXPECT_FALSE((*results)[i].has_value());
    else
      expect_answered((*results)[i], requests[i]);
  }
  EXPECT_EQ((*prober)->lost_bursts(), 1);
  EXPECT_NE((*prober)->last_loss().find("13x20x30"), std::string::npos) << (*prober)->last_loss();
  // And it is as good as new.
  const std::vector<BurstRequest> more = {burst(6), burst(7)};
  const auto again = (*prober)->run(more);
  ASSERT_TRUE(again) << again.error().text();
  expect_answered((*again)[0], more[0]);
  expect_answered((*again)[1], more[1]);
}

INSTANTIATE_TEST_SUITE_P(Ways, MisbehavingWorker,
                         ::testing::Values("floods", "floods-lines", "floods-errors", "other-number",
                                           "too-few", "too-many", "negative", "zero", "not-a-number",
                                           "infinite", "hex", "too-long", "empty-line", "hangs",
                                           "closes-output", "leaves", "dies", "gives-up"),
                         [](const auto& case_info) {
                           std::string name = case_info.param;
                           for (char& c : name) {
                             if (c == '-') c = '_';
                           }
                           return name;
                         });

TEST(WorkerProber, AnswersOfADeadWorkersRequestAreNeverTakenForAnother) {
  // Answers twice: the second one stands where the next burst's answer belongs.
  auto prober = WorkerProber::start(fake_worker, "answers-twice", patient_for(3));
  ASSERT_TRUE(prober);
  const std::vector<BurstRequest> requests = {burst(13), burst(2), burst(3)};
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results);
  EXPECT_TRUE((*results)[0]);
  EXPECT_FALSE((*results)[1]);
  EXPECT_TRUE((*results)[2]);
}

TEST(WorkerProber, SaysHowTheWorkerDied) {
  auto prober = WorkerProber::start(fake_worker, "leaves", patient_for(3));
  ASSERT_TRUE(prober);
  const std::vector<BurstRequest> requests = {burst(13)};
  ASSERT_TRUE((*prober)->run(requests));
  EXPECT_NE((*prober)->last_loss().find("exited with status 3"), std::string::npos) << (*prober)->last_loss();
  EXPECT_NE((*prober)->last_loss().find("enough"), std::string::npos) << (*prober)->last_loss();
}

TEST(WorkerProber, GivesUpOnAWorkerThatAlwaysDies) {
  auto prober = WorkerProber::start(fake_worker, "dies", patient_for(3));
  ASSERT_TRUE(prober);
  const std::vector<BurstRequest> requests(50, burst(13));
  const auto results = (*prober)->run(requests);
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(results.error().remedy.empty());
  EXPECT_LE((*prober)->restarts(), 10);
  // Two deaths lose a burst.
  const auto unfinished = (*prober)->take_unfinished();
  EXPECT_GE(unfinished.size(), 2U);
  EXPECT_LT(unfinished.size(), 10U);
  for (const auto& answer : unfinished) EXPECT_FALSE(answer);
  EXPECT_TRUE((*prober)->take_unfinished().empty());
}

TEST(WorkerProber, StartTellsWhatIsWrong) {
  WorkerProberOptions hasty;
  hasty.load_seconds = 1;
  const auto failure = [&hasty](const char* behaviour) {
    auto prober = WorkerProber::start(fake_worker, behaviour, hasty);
    EXPECT_FALSE(prober) << behaviour;
    return prober ? Error{} : prober.error();
  };
  EXPECT_EQ(failure("mute").kind, ErrorKind::timed_out);
  EXPECT_EQ(failure("endless-hello").kind, ErrorKind::invalid_data);
  EXPECT_EQ(failure("nonsense-hello").kind, ErrorKind::invalid_data);
  EXPECT_EQ(failure("talks-first").kind, ErrorKind::invalid_data);
  EXPECT_NE(failure("other-version").what.find("99"), std::string::npos);
  EXPECT_NE(failure("leaves-at-once").what.find("no library today"), std::string::npos);
  EXPECT_EQ(failure("refuses").what, "it is bad");
  for (const char* behaviour : {"mute", "nonsense-hello", "leaves-at-once", "refuses", "other-version"})
    EXPECT_FALSE(failure(behaviour).remedy.empty()) << behaviour;
}

TEST(WorkerProber, AWorkerMayWriteManyErrors) {
  auto prober = WorkerProber::start(fake_worker, "loud");
  ASSERT_TRUE(prober) << prober.error().text();
  const std::vector<BurstRequest> requests(300, burst(3));
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results);
  EXPECT_EQ((*prober)->lost_bursts(), 0);
}

TEST(WorkerProber, RefusesRequestsThatCannotBeMeant) {
  auto prober = WorkerProber::start(fake_worker, "honest");
  ASSERT_TRUE(prober);
  const std::vector<BurstRequest> requests = {burst(1), burst(0)};
  const auto results = (*prober)->run(requests);
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().kind, ErrorKind::usage);
  EXPECT_TRUE((*prober)->run({})) << "nothing asked, nothing wrong";
}

TEST(WorkerProber, StopsWhenInterrupted) {
  std::atomic<bool> stop = false;
  WorkerProberOptions options;
  options.interrupted = [&stop] { return stop.load(); };
  auto prober = WorkerProber::start(fake_worker, "hangs", options);
  ASSERT_TRUE(prober);
  std::thread user([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop = true;
  });
  const std::vector<BurstRequest> requests = {burst(1), burst(13)};
  const auto results = (*prober)->run(requests);
  user.join();
  ASSERT_FALSE(results);
  EXPECT_EQ(results.error().kind, ErrorKind::interrupted);
  // Usable again when the user changes their mind.
  stop = false;
  const std::vector<BurstRequest> more = {burst(1)};
  const auto again = (*prober)->run(more);
  ASSERT_TRUE(again) << again.error().text();
  expect_answered((*again)[0], more[0]);
}

TEST(WorkerProber, IsNotStartedWhenInterruptedBefore) {
  WorkerProberOptions options;
  options.interrupted = [] { return true; };
  auto prober = WorkerProber::start(fake_worker, "mute", options);
  ASSERT_FALSE(prober);
  EXPECT_EQ(prober.error().kind, ErrorKind::interrupted);
}

TEST(WorkerProber, TellsWhenThereIsNoWorker) {
  auto prober = WorkerProber::start("/nowhere/blastune-worker", fake_blas("honest"));
  ASSERT_FALSE(prober);
  EXPECT_NE(prober.error().what.find("/nowhere/blastune-worker"), std::string::npos);
  EXPECT_FALSE(prober.error().remedy.empty());
}

// ---- the real worker with fake libraries ----

TEST(WorkerWithFakeBlas, ACrashAHangAndAnExitCostTheirBursts) {
  auto prober = WorkerProber::start(worker_program, fake_blas("troublesome"), patient_for(3));
  ASSERT_TRUE(prober) << prober.error().text();
  const std::vector<BurstRequest> requests = {burst(1),  burst(13), burst(2), burst(17),
                                              burst(18), burst(19), burst(20)};
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results) << results.error().text();
  for (std::size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ((*results)[i].has_value(), i != 1 && i != 3 && i != 5) << i;
}

TEST(WorkerWithFakeBlas, WhatALibraryPrintsIsNoAnswer) {
  auto prober = WorkerProber::start(worker_program, fake_blas("chatty"));
  ASSERT_TRUE(prober) << prober.error().text();
  const std::vector<BurstRequest> requests(20, burst(5));
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results);
  for (const auto& result : *results) expect_answered(result, requests.front());
  EXPECT_EQ((*prober)->restarts(), 0);
}

TEST(WorkerWithFakeBlas, RefusesWhatIsNoOpenBlas) {
  struct Case {
    std::string file;
    std::string tells;
  };
  WorkerProberOptions hasty;
  hasty.load_seconds = 4;
  for (const Case& refused :
       {Case{fake_blas("crash_on_load"), "cannot bear this machine"},
        Case{fake_blas("hang_on_load"), "did not end"}, Case{fake_blas("no_config"), "openblas_get_config"},
        Case{fake_blas("other_config"), "FooBLAS"}, Case{fake_blas("forwarder"), "FlexiBLAS"},
        Case{"/etc/passwd", "no ELF"}, Case{"/etc", "directory"}, Case{"/dev/null", "regular"},
        Case{"/no/such/file.so", "/no/such/file.so"}, Case{"libnosuchblas.so.0", "libnosuchblas.so.0"},
        Case{"libm.so.6", "not an OpenBLAS"}, Case{"", "empty"}}) {
    auto prober = WorkerProber::start(worker_program, refused.file, hasty);
    ASSERT_FALSE(prober) << refused.file;
    EXPECT_NE(prober.error().what.find(refused.tells), std::string::npos) << prober.error().text();
    EXPECT_FALSE(prober.error().remedy.empty()) << refused.file;
  }
}

TEST(WorkerWithFakeBlas, ATruncatedLibraryIsRefused) {
  const std::string whole = fake_blas("honest");
  std::ifstream in(whole, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  ASSERT_GT(bytes.size(), 4096U);
  char name[] = "/tmp/blastune_cut_XXXXXX";
  const int made = ::mkstemp(name);
  ASSERT_GE(made, 0);
  ASSERT_EQ(::write(made, bytes.data(), 3000), 3000);
  ::close(made);
  auto prober = WorkerProber::start(worker_program, name);
  EXPECT_FALSE(prober);
  ::unlink(name);
}

TEST(WorkerWithFakeBlas, SetsTheCountAsTheBuildNeedsIt) {
  const auto hello = [](const char* name) { return identify_build(worker_program, fake_blas(name)); };
  const auto honest = hello("honest");
  ASSERT_TRUE(honest) << honest.error().text();
  EXPECT_EQ(honest->setter, CountSetter::openblas);
  EXPECT_EQ(honest->default_threads, 4);
  EXPECT_EQ(honest->build.max_threads, 16);
  EXPECT_EQ(honest->build.build_id.size(), 40U);

  const auto openmp = hello("openmp_0_3_27");
  ASSERT_TRUE(openmp) << openmp.error().text();
  EXPECT_EQ(openmp->build.threading, Threading::openmp);
  EXPECT_EQ(openmp->setter, CountSetter::openmp);

  const auto unknown = hello("openmp_unknown");
  ASSERT_TRUE(unknown);
  EXPECT_EQ(unknown->setter, CountSetter::none);

  const auto deaf = hello("deaf");
  ASSERT_TRUE(deaf);
  EXPECT_EQ(deaf->setter, CountSetter::none);

  const auto serial = hello("serial");
  ASSERT_TRUE(serial);
  EXPECT_EQ(serial->build.threading, Threading::serial);
  EXPECT_EQ(serial->setter, CountSetter::none);
  EXPECT_EQ(serial->default_threads, 1);
}

TEST(WorkerWithFakeBlas, FindsAffixedNamesAndWideIntegers) {
  auto prober = WorkerProber::start(worker_program, fake_blas("scipy_64"));
  ASSERT_TRUE(prober) << prober.error().text();
  EXPECT_EQ((*prober)->build().prefix, "scipy_");
  EXPECT_EQ((*prober)->build().suffix, "64_");
  EXPECT_EQ((*prober)->build().integer_bits, 64);
  const std::vector<BurstRequest> requests = {burst(7, 2)};
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results);
  expect_answered((*results)[0], requests[0]);
}

TEST(WorkerWithFakeBlas, ACountThatDoesNotTakeEffectIsNotMeasured) {
  for (const char* name : {"deaf", "serial", "honest"}) {
    auto prober = WorkerProber::start(worker_program, fake_blas(name));
    ASSERT_TRUE(prober);
    const int impossible = std::string(name) == "honest" ? 17 : 3;
    const std::vector<BurstRequest> requests = {burst(7, impossible), burst(7, (*prober)->default_threads())};
    const auto results = (*prober)->run(requests);
    ASSERT_TRUE(results);
    EXPECT_FALSE((*results)[0]) << name;
    EXPECT_TRUE((*results)[1]) << name;
  }
}

TEST(WorkerWithFakeBlas, OperandsAreCapped) {
  WorkerProberOptions options;
  options.max_operand_bytes = 100000;
  auto prober = WorkerProber::start(worker_program, fake_blas("honest"), options);
  ASSERT_TRUE(prober);
  BurstRequest large = burst(100);
  large.gemm.n = 100;
  large.gemm.k = 100;
  BurstRequest largest = burst(max_dimension);
  largest.gemm.n = max_dimension;
  largest.gemm.k = max_dimension;
  BurstRequest single = burst(7);
  single.gemm.dtype = DType::f32;  // this library has none
  const std::vector<BurstRequest> requests = {burst(7), large, largest, single, burst(9)};
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results);
  EXPECT_TRUE((*results)[0]);
  EXPECT_FALSE((*results)[1]);
  EXPECT_FALSE((*results)[2]);
  EXPECT_FALSE((*results)[3]);
  EXPECT_TRUE((*results)[4]);
  EXPECT_EQ((*prober)->restarts(), 0);
}

TEST(CleanEnvironment, LeavesBehindWhatChangesABlas) {
  const std::vector<const char*> environment = {"PATH=/bin",
                                                "OPENBLAS_NUM_THREADS=1",
                                                "OPENBLAS_CORETYPE=Haswell",
                                                "OMP_NUM_THREADS=1",
                                                "GOMP_CPU_AFFINITY=0",
                                                "MKL_NUM_THREADS=2",
                                                "GOTO_NUM_THREADS=3",
                                                "KMP_AFFINITY=none",
                                                "LD_PRELOAD=x.so",
                                                "LD_LIBRARY_PATH=/l",
                                                "HOME=/home/someone",
                                                "LD_AUDIT=y.so",
                                                "PATHOLOGICAL=1",
                                                "PATH",
                                                "GCONV_PATH=/x",
                                                "ASAN_OPTIONS=abc=1",
                                                nullptr};
  EXPECT_EQ(clean_environment(environment),
            (std::vector<std::string>{"PATH=/bin", "OPENBLAS_CORETYPE=Haswell", "LD_LIBRARY_PATH=/l",
                                      "HOME=/home/someone", "ASAN_OPTIONS=abc=1"}));
}

// ---- Debian's builds ----

class DebianBuild : public ::testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Flavours, DebianBuild, ::testing::ValuesIn(debian_flavours),
                         [](const auto& case_info) { return case_info.param; });

TEST_P(DebianBuild, TellsWhatItIs) {
  const std::string file = debian_build(GetParam());
  ASSERT_FALSE(file.empty()) << "install libopenblas0-" << GetParam();
  const auto hello = identify_build(worker_program, file);
  ASSERT_TRUE(hello) << hello.error().text();
  EXPECT_EQ(name(hello->build.threading), GetParam());
  EXPECT_GE(hello->build.version, (Version{0, 3, 0}));
  EXPECT_EQ(hello->build.config.find("OpenBLAS"), 0U);
  EXPECT_FALSE(hello->build.core_name.empty());
  EXPECT_EQ(hello->build.integer_bits, 32);
  EXPECT_EQ(hello->build.build_id.size(), 40U);
  EXPECT_GE(hello->build.max_threads, 1);
  EXPECT_GE(hello->default_threads, 1);
  // Its libblas.so.3 leads to the same library.
  const auto through = identify_build(worker_program, debian_build(GetParam(), "libblas.so.3"));
  ASSERT_TRUE(through) << through.error().text();
  EXPECT_TRUE(same_build(through->build, hello->build));
}

TEST_P(DebianBuild, IsMeasuredWithSwitchedCountsInOrder) {
  const std::string file = debian_build(GetParam());
  ASSERT_FALSE(file.empty()) << "install libopenblas0-" << GetParam();
  // Must not reach the worker.
  ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
  ::setenv("OMP_NUM_THREADS", "1", 1);
  auto prober = WorkerProber::start(worker_program, file);
  ASSERT_TRUE(prober) << prober.error().text();
  EXPECT_NE((*prober)->setter(), CountSetter::none);
  std::vector<BurstRequest> requests;
  for (int i = 0; i < 200; ++i) {
    BurstRequest request = burst(1 + i, 1 + i % 2, 1 + i % 5);
    request.gemm.dtype = i % 3 == 0 ? DType::f32 : DType::f64;
    request.gemm.trans_a = i % 2 == 0 ? Transpose::none : Transpose::transposed;
    request.gemm.trans_b = i % 7 == 0 ? Transpose::transposed : Transpose::none;
    requests.push_back(request);
  }
  const auto results = (*prober)->run(requests);
  ASSERT_TRUE(results) << results.error().text();
  for (std::size_t i = 0; i < requests.size(); ++i) expect_answered((*results)[i], requests[i]);
  EXPECT_EQ((*prober)->lost_bursts(), 0) << (*prober)->last_loss();
}

}  // namespace
}  // namespace blastune
