// SPDX-License-Identifier: BSD-3-Clause
//
// What the library tells those who keep count of what it did.
#include <errno.h>

#include <climits>

#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;

class ClientStats : public ClientCase {};
class ClientStatsWithBuild : public ClientCaseWithBuild {};
INSTANTIATE_TEST_SUITE_P(Debian, ClientStatsWithBuild, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

blastune_scope enter_in(int blas, const Gemm& asked) {
  return blastune_enter_gemm_in(blas, static_cast<blastune_dtype>(asked.dtype), BLASTUNE_NO_TRANS,
                                BLASTUNE_NO_TRANS, asked.m, asked.n, asked.k);
}

blastune_advice advise_in(int blas, const Gemm& asked) {
  blastune_advice advice = {};
  advice.size = sizeof advice;
  EXPECT_EQ(blastune_advise_gemm_in(blas, static_cast<blastune_dtype>(asked.dtype), BLASTUNE_NO_TRANS,
                                    BLASTUNE_NO_TRANS, asked.m, asked.n, asked.k, &advice),
            0);
  return advice;
}

TEST_P(ClientStatsWithBuild, TheCountOfAScopeIsTheOneThatTheLibraryHas) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    ASSERT_GT(number, 0);
    EXPECT_EQ(blastune_scope_threads({{0, 0}}), 0);
    const blastune_scope scope = enter_in(number, gemm);
    EXPECT_EQ(blastune_scope_threads(scope), 1);
    EXPECT_EQ(blastune_scope_threads(scope), blas.count());
    blastune_leave(scope);
    // The table knows nothing of this type: what the program set holds, within the limits.
    Gemm single = gemm;
    single.dtype = DType::f32;
    const blastune_scope without_opinion = enter_in(number, single);
    EXPECT_EQ(blastune_scope_threads(without_opinion), std::min(3, status().usable));
    EXPECT_EQ(blastune_scope_threads(without_opinion), blas.count());
    blastune_leave(without_opinion);
    // Too small for the library to look at its count.
    Gemm small = gemm;
    small.m = small.n = small.k = 8;
    const blastune_scope untouched = enter_in(number, small);
    EXPECT_EQ(blastune_scope_threads(untouched), 0);
    blastune_leave(untouched);
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientStatsWithBuild, AdviceForOneOpenBlasIsItsTables) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    const blastune_advice advice = advise_in(number, gemm);
    EXPECT_EQ(advice.threads, 1);
    EXPECT_EQ(advice.basis, BLASTUNE_BASIS_MEASURED);
    EXPECT_EQ(advice.limit, std::min(3, status().usable));
    EXPECT_NEAR(advice.expected_seconds, 1e-3, 1e-6);
    // What was measured, brought towards what is known of scaling.
    EXPECT_GT(advice.default_seconds, advice.limit == 1 ? 0.99e-3 : 1.5e-3);
    EXPECT_LT(advice.default_seconds, advice.limit == 1 ? 1.01e-3 : 2.01e-3);
    EXPECT_EQ(advice.one_thread_anyway, 0);
    Gemm small = gemm;
    small.m = small.n = small.k = 8;
    EXPECT_EQ(advise_in(number, small).one_thread_anyway, 1);
    Gemm single = gemm;
    single.dtype = DType::f32;
    EXPECT_EQ(advise_in(number, single).threads, 0);

    blastune_advice refused = {};
    refused.size = sizeof refused;
    for (const int unknown : {0, -1, INT_MIN, number + 1, INT_MAX})
      EXPECT_EQ(blastune_advise_gemm_in(unknown, BLASTUNE_F64, 0, 0, 10, 10, 10, &refused), -EINVAL);
    EXPECT_EQ(blastune_advise_gemm_in(number, BLASTUNE_F64, 0, 0, 0, 10, 10, &refused), -EINVAL);
    EXPECT_EQ(blastune_advise_gemm_in(number, BLASTUNE_F64, 0, 0, 10, 10, 10, nullptr), -EINVAL);
    refused.size = 39;
    EXPECT_EQ(blastune_advise_gemm_in(number, BLASTUNE_F64, 0, 0, 10, 10, 10, &refused), -EINVAL);
  });
}

TEST_P(ClientStatsWithBuild, TheStampChangesWithTheTableAndTheUsersCount) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
    blastune_reload();
    const std::uint64_t before = blastune_advice_stamp(number);
    EXPECT_GT(before, 255U);
    blastune_leave(enter_in(number, gemm));
    EXPECT_EQ(blastune_advice_stamp(number), before);
    blas.set_count(1);
    const std::uint64_t lower = blastune_advice_stamp(number);
    EXPECT_EQ(lower != before, status().usable > 1);
    save({make_table(blas.build(), 2)}, table_);
    blastune_reload();
    EXPECT_NE(blastune_advice_stamp(number), lower);
    // Then it is the reason.
    std::filesystem::remove(table_);
    blastune_reload();
    EXPECT_EQ(blastune_advice_stamp(number), static_cast<std::uint64_t>(BLASTUNE_NO_TABLE));
    std::ofstream(table_) << "damaged";
    blastune_reload();
    EXPECT_EQ(blastune_advice_stamp(number), static_cast<std::uint64_t>(BLASTUNE_BAD_TABLE));
    Table foreign = make_table(blas.build(), 1);
    foreign.build.core_name += "Other";
    save({foreign}, table_);
    blastune_reload();
    EXPECT_EQ(blastune_advice_stamp(number), static_cast<std::uint64_t>(BLASTUNE_FOREIGN_BUILD));
  });
}

TEST_F(ClientStats, TheStampSaysThatThereIsNoOpenBlasOrThatItIsSwitchedOff) {
  alone([&] {
    for (const int unknown : {0, -1, INT_MIN, 1, INT_MAX})
      EXPECT_EQ(blastune_advice_stamp(unknown), static_cast<std::uint64_t>(BLASTUNE_NO_OPENBLAS));
  });
  alone([&] {
    ::setenv("BLASTUNE_DISABLE", "1", 1);
    EXPECT_EQ(blastune_advice_stamp(0), static_cast<std::uint64_t>(BLASTUNE_DISABLED));
  });
}

}  // namespace
}  // namespace blastune
