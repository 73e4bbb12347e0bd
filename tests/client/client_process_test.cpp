// SPDX-License-Identifier: BSD-3-Clause
//
// fork(), threads, cancellation, and all that a host must not notice.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "tests/client/client_case.h"

// Cases fork in the middle of many threads, on purpose.
extern "C" const char* __tsan_default_options();
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}

namespace blastune {
namespace {

using namespace testing;

class ClientProcess : public ClientCase {};
class ClientProcessWithBuild : public ClientCaseWithBuild {};
INSTANTIATE_TEST_SUITE_P(Debian, ClientProcessWithBuild, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(ClientProcessWithBuild, AChildOfForkGoesOn) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const blastune_scope scope = enter(gemm);
    ASSERT_EQ(blas.count(), 1);
    alone([&] {
      EXPECT_EQ(blas.count(), 1);
      blastune_leave(scope);
      EXPECT_EQ(blas.count(), 3);
      EXPECT_EQ(recommend(gemm), 1);
      {
        const GemmScope in_child(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
        EXPECT_EQ(blas.count(), 1);
        // libgomp cannot start threads again in a child, one is always possible.
        blas.multiply(100, 500, 784);
      }
      EXPECT_EQ(blas.count(), 3);
      Table larger = make_table(blas.build(), 1);
      larger.add(make_curve(large_gemm, 1));
      save({larger}, table_);
      EXPECT_EQ(blastune_reload(), 0);
      EXPECT_EQ(status().curves, 2);
    });
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientProcessWithBuild, AForkWhileOthersAreBusyLeavesAWorkingChild) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    ASSERT_EQ(recommend(gemm), 1);
    std::atomic<bool> stop{false};
    std::thread reloader([&] {
      while (!stop) blastune_reload();
    });
    std::thread multiplier([&] {
      blas.set_count(3);
      while (!stop) blastune_leave(enter(gemm));
    });
    for (int i = 0; i < 20; ++i) {
      alone([&] {
        ::alarm(60);
        EXPECT_EQ(blastune_reload(), 0);
        EXPECT_EQ(recommend(gemm), 1);
        blastune_leave(enter(gemm));
        EXPECT_EQ(blas.count(), 3);
      });
    }
    stop = true;
    reloader.join();
    multiplier.join();
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientProcessWithBuild, ManyThreadsWhileTablesChange) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(2);
    Table one = make_table(blas.build(), 1);
    Table two = make_table(blas.build(), 2);
    two.add(make_curve(large_gemm, 1));
    save({one}, table_);
    std::atomic<bool> stop{false};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        blas.set_count(2);
        for (int i = 0; !stop; ++i) {
          const Gemm asked{DType::f64, Transpose::none, Transpose::none, 90 + (i + thread) % 20, 500, 784};
          const int advised = recommend(asked);
          EXPECT_TRUE(advised >= 0 && advised <= 2) << advised;
          const blastune_scope scope = enter(asked);
          EXPECT_LE(blas.count(), 2);
          blastune_leave(scope);
        }
      });
    }
    for (int i = 0; i < 40; ++i) {
      save({i % 2 == 0 ? two : one}, table_);
      EXPECT_EQ(blastune_reload(), 0);
    }
    stop = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(blas.count(), 2);
  });
}

TEST_P(ClientProcessWithBuild, ErrnoAndDescriptorsStayAsTheyWere) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(3);
    const int descriptors = open_descriptors();
    const auto use = [&] {
      errno = 77;
      recommend(gemm);
      EXPECT_EQ(errno, 77);
      blastune_leave(enter(gemm));
      EXPECT_EQ(errno, 77);
      blastune_reload();
      EXPECT_EQ(errno, 77);
      status();
      EXPECT_EQ(errno, 77);
      blastune_use_blas(nullptr);
      EXPECT_EQ(errno, 77);
      EXPECT_EQ(open_descriptors(), descriptors);
    };
    use();
    std::ofstream(table_) << "damaged";
    use();
    save({make_table(blas.build(), 1)}, table_);
    use();
    EXPECT_EQ(recommend(gemm), 1);
  });
}

TEST_P(ClientProcessWithBuild, SaysNothingUnlessAsked) {
  const auto said = [&](const char* log) {
    const std::string captured = directory_.file("stderr");
    alone([&] {
      const LoadedBlas blas(library_);
      if (log != nullptr) ::setenv("BLASTUNE_LOG", log, 1);
      const int saved = ::dup(STDERR_FILENO);
      const int file = ::open(captured.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      ::dup2(file, STDERR_FILENO);
      std::ofstream(table_) << "damaged";
      recommend(gemm);
      save({make_table(blas.build(), 1)}, table_);
      EXPECT_EQ(blastune_reload(), 0);
      recommend(gemm);
      std::ofstream(table_) << "damaged";
      blastune_reload();
      ::dup2(saved, STDERR_FILENO);
    });
    return contents(captured);
  };
  EXPECT_EQ(said(nullptr), "");
  EXPECT_EQ(said("0"), "");
  const std::string changes = said("1");
  EXPECT_NE(changes.find("blastune: using " + table_), std::string::npos) << changes;
  EXPECT_NE(changes.find("kept the advice"), std::string::npos) << changes;
  EXPECT_EQ(changes.find("100x500x784"), std::string::npos) << changes;
  EXPECT_NE(said("2").find("100x500x784"), std::string::npos);
}

TEST_F(ClientProcess, ALineThatNobodyReadsDoesNotEndTheProgram) {
  alone([&] {
    ::setenv("BLASTUNE_LOG", "1", 1);
    int ends[2] = {-1, -1};
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    const int saved = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    recommend(gemm);
    ::dup2(saved, STDERR_FILENO);
    EXPECT_EQ(status().reason, BLASTUNE_NO_TABLE);
    sigset_t pending;
    ::sigpending(&pending);
    EXPECT_EQ(sigismember(&pending, SIGPIPE), 0);
  });
}

TEST_P(ClientProcessWithBuild, AThreadMayBeCancelledAtAnyTime) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    pthread_t thread{};
    ASSERT_EQ(::pthread_create(
                  &thread, nullptr,
                  [](void*) -> void* {
                    ::pthread_cancel(::pthread_self());
                    recommend(gemm);  // reads the table, which is full of cancellation points
                    blastune_reload();
                    ::pthread_testcancel();
                    return nullptr;
                  },
                  nullptr),
              0);
    void* result = nullptr;
    ASSERT_EQ(::pthread_join(thread, &result), 0);
    EXPECT_EQ(result, PTHREAD_CANCELED);
    EXPECT_EQ(blastune_reload(), 0);
    EXPECT_EQ(recommend(gemm), 1);
  });
}

}  // namespace
}  // namespace blastune
