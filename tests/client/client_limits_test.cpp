// SPDX-License-Identifier: BSD-3-Clause
//
// Limits hold for every call, from the first one on, without any table. Nobody's load is followed here;
// quotas are tried where the machine lets the tester make control groups (scripts/prove-programs.sh).
#include <sched.h>

#include <string>

#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;

class ClientLimits : public ClientCaseWithBuild {};
INSTANTIATE_TEST_SUITE_P(Debian, ClientLimits, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

// The counts that a gemm, a kin of it and another routine run with.
struct Counts {
  int gemm = 0;
  int kin = 0;
  int other = 0;

  bool operator==(const Counts&) const = default;
};

Counts counts_of(const LoadedBlas& blas, int number) {
  Counts counts;
  const auto count_in = [&](blastune_scope scope) {
    const int count = blas.count();
    blastune_leave(scope);
    return count;
  };
  counts.gemm = count_in(blastune_enter_gemm_in(number, BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS,
                                                gemm.m, gemm.n, gemm.k));
  counts.kin = count_in(blastune_enter_level3_in(number, BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS,
                                                 gemm.m, gemm.n, gemm.k));
  counts.other = count_in(blastune_enter_limited_in(number, 0));
  return counts;
}

// Of every thread, a runtime's of its own among them.
void bind_to(const cpu_set_t& processors) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task"))
    ::sched_setaffinity(std::stoi(entry.path().filename().string()), sizeof processors, &processors);
}

TEST_P(ClientLimits, HoldWithoutATableFromTheFirstCallOn) {
  ::setenv("BLASTUNE_MAX_THREADS", "1", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(2);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    EXPECT_EQ(counts_of(blas, number), (Counts{1, 1, 1}));
    EXPECT_EQ(blas.count(), 2);
    EXPECT_EQ(recommend(gemm), 0);
    const blastune_scope scope = enter(gemm);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(status().reason, BLASTUNE_NO_TABLE);
    EXPECT_EQ(status().limit, 1);
    EXPECT_EQ(status().builds, 1);
    EXPECT_EQ(status().applies, 1);
    EXPECT_NE(std::string(status().message).find("within their limits"), std::string::npos);
  });
  ::unsetenv("BLASTUNE_MAX_THREADS");
}

TEST_P(ClientLimits, HoldForWhatTheTableDoesNotKnow) {
  ::setenv("BLASTUNE_MAX_THREADS", "1", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    blas.set_count(2);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    EXPECT_EQ(counts_of(blas, number), (Counts{1, 1, 1}));
    const blastune_scope scope =
        blastune_enter_gemm_in(number, BLASTUNE_F32, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 900, 900, 900);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 2);
  });
  ::unsetenv("BLASTUNE_MAX_THREADS");
}

TEST_P(ClientLimits, FollowTheAffinityBothWays) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(3);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    const int processors = std::min(3, CPU_COUNT(&all));
    const Counts free{processors, processors, processors};
    EXPECT_EQ(counts_of(blas, number), free);
    for (std::size_t processor = 0, tried = 0; processor < CPU_SETSIZE && tried < 2; ++processor) {
      if (!CPU_ISSET(processor, &all)) continue;
      ++tried;
      cpu_set_t one;
      CPU_ZERO(&one);
      CPU_SET(processor, &one);
      bind_to(one);
      blastune_reload();
      EXPECT_EQ(counts_of(blas, number), (Counts{1, 1, 1}));
    }
    bind_to(all);
    blastune_reload();
    EXPECT_EQ(counts_of(blas, number), free);
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientLimits, WhereNothingLimitsNothingIsTouched) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(1);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    EXPECT_TRUE(is_zero(enter(gemm)));
    EXPECT_TRUE(is_zero(blastune_enter_limited_in(number, 0)));
    EXPECT_EQ(counts_of(blas, number), (Counts{1, 1, 1}));
  });
}

TEST_P(ClientLimits, SwitchedOffThereAreNone) {
  ::setenv("BLASTUNE_DISABLE", "1", 1);
  ::setenv("BLASTUNE_MAX_THREADS", "1", 1);
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(2);
    EXPECT_TRUE(is_zero(enter(gemm)));
    EXPECT_EQ(status().limit, 0);
    EXPECT_EQ(blas.count(), 2);
  });
  ::unsetenv("BLASTUNE_DISABLE");
  ::unsetenv("BLASTUNE_MAX_THREADS");
}

}  // namespace
}  // namespace blastune
