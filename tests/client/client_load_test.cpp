// SPDX-License-Identifier: BSD-3-Clause
//
// Multiplies beside other programs that keep every processor busy. How soon is not tested here: whoever runs
// this may be busy with other things.
#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/cpu_limits.h"
#include "client/stopwatch.h"
#include "load/load_page.h"
#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;

class ClientLoad : public ClientCaseWithBuild {
 protected:
  ClientLoad() { ::unsetenv("BLASTUNE_LOAD"); }
  std::string runtime_ = std::filesystem::path(table_).parent_path();
};
INSTANTIATE_TEST_SUITE_P(Debian, ClientLoad, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

class BusyProcesses {
 public:
  explicit BusyProcesses(unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::alarm(120);
        for (volatile unsigned long turns = 0;;) turns = turns + 1;
      }
      children_.push_back(child);
    }
  }
  BusyProcesses(const BusyProcesses&) = delete;
  BusyProcesses& operator=(const BusyProcesses&) = delete;
  ~BusyProcesses() {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

 private:
  std::vector<pid_t> children_;
};

template <class Condition>
bool comes_true(const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
  }
  return true;
}

TEST_P(ClientLoad, OthersWhoUseEveryProcessorLeaveOne) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    const BusyProcesses busy(2 * std::thread::hardware_concurrency());
    EXPECT_TRUE(comes_true([] { return recommend(gemm) == 1; }));
    const blastune_scope scope = enter(gemm);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 2);
    EXPECT_EQ(status().limit, 1);
    // For what there is no advice for, too.
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    const blastune_scope limited = blastune_enter_limited_in(number, 0);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(limited);
    EXPECT_EQ(blas.count(), 2);
    EXPECT_TRUE(is_zero(blastune_enter_limited_in(number + 1, 0)));
    EXPECT_TRUE(is_zero(blastune_enter_limited_in(0, 0)));
  });
}

TEST_P(ClientLoad, LooksLeaveErrnoAndDescriptorsAsTheyWere) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    recommend(gemm);
    const int descriptors = open_descriptors();
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(300);
    while (std::chrono::steady_clock::now() < end) {
      errno = 77;
      blastune_leave(enter(gemm));
      ASSERT_EQ(errno, 77);
      recommend(gemm);
      ASSERT_EQ(errno, 77);
    }
    EXPECT_EQ(open_descriptors(), descriptors);
  });
}

TEST_P(ClientLoad, SmallOnesOfOtherRoutinesGetOneThread) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    const int number = blastune_find_blas(blas.symbol("cblas_dsymm"));
    ASSERT_GT(number, 0);
    // The library makes such a gemm on one thread whatever its count, and so it is left alone.
    EXPECT_TRUE(is_zero(
        blastune_enter_gemm_in(number, BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 16, 16, 16)));
    const blastune_scope scope =
        blastune_enter_level3_in(number, BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 16, 16, 16);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 2);
    EXPECT_TRUE(
        is_zero(blastune_enter_level3_in(0, BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 16, 16, 16)));
  });
}

TEST_P(ClientLoad, NobodyIsFollowedWhereThatIsNotWanted) {
  ::setenv("BLASTUNE_LOAD", "0", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    if (recommend(gemm) != 2) return;  // one processor
    const BusyProcesses busy(std::thread::hardware_concurrency());
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
    while (std::chrono::steady_clock::now() < end) {
      ASSERT_EQ(recommend(gemm), 2);
      const blastune_scope scope = blastune_enter_limited_in(number, 0);
      ASSERT_EQ(blas.count(), 2);
      blastune_leave(scope);
    }
  });
}

// There it runs on one thread, and what several take is not to be expected of it.
TEST_P(ClientLoad, InAParallelRegionNothingIsFelt) {
  if (std::string(GetParam()) != "openmp") return;
  ::setenv("BLASTUNE_LOAD", "feel", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    if (recommend(gemm) != 2) return;  // one processor
    const blastune_scope outside = enter(gemm);
    EXPECT_TRUE(is_timed(outside));
    blastune_leave(outside);
    using Region = void (*)(void (*)(void*), void*, unsigned, unsigned);
    const auto region = reinterpret_cast<Region>(blas.symbol("GOMP_parallel"));
    ASSERT_NE(region, nullptr);
    region(
        [](void*) {
          const blastune_scope inside = enter(gemm);
          EXPECT_FALSE(is_timed(inside));
          blastune_leave(inside);
          const blastune_scope limited = blastune_enter_limited_in(1, 1e-3);
          EXPECT_FALSE(is_timed(limited));
          blastune_leave(limited);
        },
        nullptr, 2, 0);
  });
}

TEST_P(ClientLoad, ThreadsThatMultiplyTogetherBesideOthers) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    const BusyProcesses busy(1);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        blas.set_count(2);
        for (int k = 0; k < 200; ++k) {
          const blastune_scope scope = enter(gemm);
          EXPECT_LE(blas.count(), 2);
          blas.multiply(100, 50, 78);
          blastune_leave(scope);
        }
      });
    }
    threads.clear();
    EXPECT_EQ(blas.count(), 2);
  });
}

bool has_mapped_to_read(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  std::string line;
  while (std::getline(maps, line)) {
    // The writer's own may be written.
    if (line.ends_with(path) && line.find(" r--s ") != std::string::npos) return true;
  }
  return false;
}

TEST_P(ClientLoad, APageOfAServiceIsFollowed) {
  ::setenv("BLASTUNE_RUNTIME_DIR", runtime_.c_str(), 1);
  ::setenv("BLASTUNE_LOAD", "look", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    RealFileSystem files;
    auto page = LoadPageWriter::make(files, runtime_, 2);
    ASSERT_TRUE(page.ok());
    (void)recommend(gemm);
    const std::string path = runtime_ + "/load";
    EXPECT_TRUE(has_mapped_to_read(path));
    if (read_cpu_limits().affinity.size() < static_cast<std::size_t>(::sysconf(_SC_NPROCESSORS_CONF)))
      return;  // bound to a part of the machine, it looks for itself
    // Others use everything, says the page, and the kernel never shows as much.
    const auto processors = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
    double busy = 1e9;
    const auto shows_one = [&] {
      const auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(60);
      page->write(monotonic_nanoseconds(), {processors, busy += 1e6, 0});
      while (std::chrono::steady_clock::now() < next) {
        if (recommend(gemm) == 1) return true;
      }
      return false;
    };
    EXPECT_TRUE(comes_true(shows_one));
    alone([&] {
      EXPECT_TRUE(has_mapped_to_read(path)) << "in the child of a fork";
      EXPECT_GE(recommend(gemm), 1);
    });
  });
  ::unsetenv("BLASTUNE_RUNTIME_DIR");
}

TEST_P(ClientLoad, NoPageIsMappedWhereNobodyIsFollowed) {
  ::setenv("BLASTUNE_RUNTIME_DIR", runtime_.c_str(), 1);
  ::setenv("BLASTUNE_LOAD", "0", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    RealFileSystem files;
    auto page = LoadPageWriter::make(files, runtime_, 2);
    (void)recommend(gemm);
    EXPECT_FALSE(has_mapped_to_read(runtime_ + "/load"));
  });
  ::unsetenv("BLASTUNE_RUNTIME_DIR");
}

}  // namespace
}  // namespace blastune
