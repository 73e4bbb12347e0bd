// SPDX-License-Identifier: BSD-3-Clause
//
// Answers, limits and what is refused, with Debian's OpenBLAS builds.
#include <errno.h>

#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;

class Client : public ClientCase {};
class ClientWithBuild : public ClientCaseWithBuild {};
INSTANTIATE_TEST_SUITE_P(Debian, ClientWithBuild, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_F(Client, HasNoOpinionWithoutTable) {
  alone([&] {
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_TRUE(is_zero(enter(gemm)));
    EXPECT_EQ(status().reason, BLASTUNE_NO_TABLE);
    EXPECT_EQ(blastune_reload(), -ENOENT);
    EXPECT_NE(std::string(status().message).find("blastune tune"), std::string::npos);
  });
}

TEST_F(Client, HasNoOpinionWithoutOpenBlas) {
  alone([&] {
    std::ofstream(table_) << "anything";
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_TRUE(is_zero(enter(gemm)));
    blastune_leave(enter(gemm));
    EXPECT_EQ(status().reason, BLASTUNE_NO_OPENBLAS);
    EXPECT_EQ(status().builds, 0);
    EXPECT_EQ(blastune_reload(), -ENOENT);
    blastune_advice advice = {};
    advice.size = sizeof advice;
    EXPECT_EQ(blastune_advise_gemm(BLASTUNE_F64, 0, 0, 10, 10, 10, &advice), 0);
    EXPECT_EQ(advice.threads, 0);
  });
}

TEST_P(ClientWithBuild, AnswersFromTheTable) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(blastune_recommend_layer(BLASTUNE_F64, 784, 100, 500), 1);
    blastune_advice advice = {};
    advice.size = sizeof advice;
    ASSERT_EQ(
        blastune_advise_gemm(BLASTUNE_F64, BLASTUNE_NO_TRANS, BLASTUNE_NO_TRANS, 100, 500, 784, &advice), 0);
    EXPECT_EQ(advice.size, sizeof advice);
    EXPECT_EQ(advice.threads, 1);
    EXPECT_EQ(advice.basis, BLASTUNE_BASIS_MEASURED);
    EXPECT_NEAR(advice.expected_seconds, 1e-3, 1e-6);
    EXPECT_GT(advice.confidence, 0.5);
    const blastune_status_info info = status();
    EXPECT_EQ(info.reason, BLASTUNE_READY) << info.message;
    EXPECT_EQ(info.curves, 1);
    EXPECT_EQ(info.builds, 1);
    EXPECT_EQ(info.applies, 1);
    EXPECT_EQ(info.measured_unix, 1'700'000'000);
    EXPECT_GE(info.usable, 1);
    EXPECT_EQ(info.limit, std::min(info.usable, 3));
    EXPECT_EQ(advice.limit, info.limit);
    EXPECT_EQ(info.table, table_);
    EXPECT_NE(std::string(info.build).find("OpenBLAS"), std::string::npos);
  });
}

TEST_P(ClientWithBuild, SetsTheCountAndRestoresIt) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    {
      const GemmScope scope(dtype_of<double>(), gemm.m, gemm.n, gemm.k);
      EXPECT_EQ(blas.count(), 1);
      blas.multiply(100, 500, 784);
      EXPECT_EQ(blas.count(), 1);
    }
    EXPECT_EQ(blas.count(), 3);
    {
      const GemmScope outer(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      {
        const GemmScope inner(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
        EXPECT_EQ(blas.count(), 1);
      }
      EXPECT_EQ(blas.count(), 1);
    }
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_F(Client, TheCountReachesTheOpenMpLibrary) {
  // The runtime starts its threads when a region first needs them: with one advised, there are none.
  const std::string library = debian_library("openmp");
  ASSERT_FALSE(library.empty());
  const auto threads = [] {
    int count = 0;
    for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task")) ++count;
    return count;
  };
  alone([&] {
    const LoadedBlas blas(library);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const int before = threads();
    {
      const GemmScope scope(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      blas.multiply(100, 500, 784);
      EXPECT_EQ(threads(), before);
    }
    blas.multiply(100, 500, 784);
    EXPECT_GE(threads(), before + 2);  // and a sanitizer's own
  });
}

TEST_P(ClientWithBuild, NeverExceedsWhatTheUserSet) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 3)}, table_);
    blas.set_count(1);
    EXPECT_EQ(recommend(gemm), 1);
    {
      const GemmScope scope(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      EXPECT_EQ(blas.count(), 1);
    }
    EXPECT_EQ(blas.count(), 1);
    blas.set_count(2);
    EXPECT_EQ(status().limit, std::min(2, status().usable));
    EXPECT_LE(recommend(gemm), 2);
  });
}

TEST_P(ClientWithBuild, TheEnvironmentsCountIsALimitToo) {
  alone([&] {
    ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
    ::setenv("OMP_NUM_THREADS", "1", 1);
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 2)}, table_);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(status().limit, 1);
  });
}

TEST_P(ClientWithBuild, AChangeInsideAScopeIsTheProgramsOwn) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    const blastune_scope scope = enter(gemm);
    EXPECT_EQ(blas.count(), 1);
    blas.set_count(2);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 2);
  });
}

TEST_P(ClientWithBuild, SmallMultipliesAreLeftAlone) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    ASSERT_EQ(recommend(gemm), 1);
    EXPECT_TRUE(is_zero(blastune_enter_gemm(BLASTUNE_F64, 0, 0, 8, 8, 8)));
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientWithBuild, VariablesDisableAndCap) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    ::setenv("BLASTUNE_DISABLE", "1", 1);
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_TRUE(is_zero(enter(gemm)));
    EXPECT_EQ(status().reason, BLASTUNE_DISABLED);
    EXPECT_EQ(blastune_reload(), -ECANCELED);
  });
  alone([&] {
    ::setenv("BLASTUNE_MAX_THREADS", "1", 1);
    const LoadedBlas blas(library_);
    blas.set_count(3);
    save({make_table(blas.build(), 3)}, table_);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(status().limit, 1);
  });
}

TEST_P(ClientWithBuild, ValuesThatMeanNothingAreRefused) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    ASSERT_EQ(recommend(gemm), 1);
    const std::int64_t too_large = std::int64_t{1} << 31U;
    for (const std::int64_t size : {std::int64_t{0}, std::int64_t{-1}, too_large, INT64_MIN, INT64_MAX}) {
      EXPECT_EQ(blastune_recommend_gemm(BLASTUNE_F64, 0, 0, size, 10, 10), 0);
      EXPECT_EQ(blastune_recommend_gemm(BLASTUNE_F64, 0, 0, 10, size, 10), 0);
      EXPECT_EQ(blastune_recommend_gemm(BLASTUNE_F64, 0, 0, 10, 10, size), 0);
      EXPECT_EQ(blastune_recommend_layer(BLASTUNE_F64, 10, 10, size), 0);
      EXPECT_TRUE(is_zero(blastune_enter_gemm(BLASTUNE_F64, 0, 0, 10, size, 10)));
    }
    for (const int value : {-1, 4, 111, INT32_MIN, INT32_MAX}) {
      EXPECT_EQ(blastune_recommend_gemm(value, 0, 0, 10, 10, 10), 0);
      EXPECT_EQ(blastune_recommend_gemm(BLASTUNE_F64, value, 0, 10, 10, 10), 0);
      EXPECT_EQ(blastune_recommend_gemm(BLASTUNE_F64, 0, value, 10, 10, 10), 0);
      EXPECT_EQ(blastune_recommend_layer(value, 10, 10, 10), 0);
    }
    blastune_advice advice = {};
    EXPECT_EQ(blastune_advise_gemm(BLASTUNE_F64, 0, 0, 10, 10, 10, &advice), -EINVAL);
    EXPECT_EQ(blastune_advise_gemm(BLASTUNE_F64, 0, 0, 10, 10, 10, nullptr), -EINVAL);
    advice.size = sizeof advice;
    EXPECT_EQ(blastune_advise_gemm(BLASTUNE_F64, 0, 0, 0, 10, 10, &advice), -EINVAL);
    blastune_status_info info = {};
    EXPECT_EQ(blastune_status(&info), -EINVAL);
    EXPECT_EQ(blastune_status(nullptr), -EINVAL);
    blastune_leave({{0, 0}});
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientWithBuild, AnOlderOrNewerProgramsStructIsFilledAsFarAsItGoes) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    struct {
      blastune_advice advice;
      std::uint64_t beyond;
    } newer = {};
    newer.advice.size = sizeof newer;
    newer.beyond = 77;
    ASSERT_EQ(blastune_advise_gemm(BLASTUNE_F64, 0, 0, 100, 500, 784, &newer.advice), 0);
    EXPECT_EQ(newer.advice.size, sizeof newer.advice);
    EXPECT_EQ(newer.advice.threads, 1);
    EXPECT_EQ(newer.beyond, 77U);
  });
}

TEST(ClientVersion, IsTheHeaders) {
  EXPECT_EQ(blastune_api_version(), BLASTUNE_API_VERSION);
}

}  // namespace
}  // namespace blastune
