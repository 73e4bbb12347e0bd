// SPDX-License-Identifier: BSD-3-Clause
//
// The installed interface, with Debian's OpenBLAS builds. No case depends on how many processors there are:
// programs set a count of 3 themselves, which blastune may only lower.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "blastune/blastune.hpp"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

// Cases fork in the middle of many threads, on purpose.
extern "C" const char* __tsan_default_options();
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_options() {
  return "die_after_fork=0";
}

namespace blastune {
namespace {

using testing::alone;
using testing::debian_library;
using testing::LoadedBlas;
using testing::make_table;
using testing::save;
using testing::TemporaryDirectory;

int recommend(const Gemm& gemm) {
  return blastune_recommend_gemm(static_cast<blastune_dtype>(gemm.dtype),
                                 static_cast<blastune_transpose>(gemm.trans_a),
                                 static_cast<blastune_transpose>(gemm.trans_b), gemm.m, gemm.n, gemm.k);
}

blastune_scope enter(const Gemm& gemm) {
  return blastune_enter_gemm(static_cast<blastune_dtype>(gemm.dtype),
                             static_cast<blastune_transpose>(gemm.trans_a),
                             static_cast<blastune_transpose>(gemm.trans_b), gemm.m, gemm.n, gemm.k);
}

blastune_status_info status() {
  blastune_status_info info = {};
  info.size = sizeof info;
  EXPECT_EQ(blastune_status(&info), 0);
  return info;
}

bool is_zero(const blastune_scope& scope) {
  return scope.opaque[0] == 0 && scope.opaque[1] == 0;
}

const Gemm& gemm = testing::layer_gemm_500;

class Client : public ::testing::Test {
 protected:
  // The table's place for the processes of this case; nothing of the tester's own.
  Client() {
    ::setenv("BLASTUNE_TABLE", table_.c_str(), 1);
    for (const char* name : {"BLASTUNE_DISABLE", "BLASTUNE_MAX_THREADS", "BLASTUNE_LOG",
                             "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_PROC_BIND"})
      ::unsetenv(name);
  }
  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
};

class ClientWithBuild : public Client, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    library_ = debian_library(GetParam());
    ASSERT_FALSE(library_.empty()) << "install libopenblas0-" << GetParam();
  }
  std::string library_;
};

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

TEST_P(ClientWithBuild, ATableForOthersIsNoOpinion) {
  alone([&] {
    const LoadedBlas blas(library_);
    Table foreign = make_table(blas.build(), 1);
    foreign.machine.cpu_model = "some other processor";
    save({foreign}, table_);
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_EQ(status().reason, BLASTUNE_FOREIGN_MACHINE);
    EXPECT_EQ(blastune_reload(), -ESTALE);
    Table stale = make_table(blas.build(), 1);
    stale.build.build_id = "0123456789abcdef";
    save({stale}, table_);
    EXPECT_EQ(blastune_reload(), -ESTALE);
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_EQ(status().reason, BLASTUNE_FOREIGN_BUILD);
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_EQ(blastune_reload(), 0);
    EXPECT_EQ(recommend(gemm), 1);
  });
}

TEST_P(ClientWithBuild, DamageKeepsTheOldAdviceAndRemovalEndsIt) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(3);
    save({make_table(blas.build(), 1)}, table_);
    const std::string good = testing::contents(table_);
    ASSERT_EQ(recommend(gemm), 1);
    const auto still_answers = [&](const char* what) {
      EXPECT_EQ(blastune_reload(), 0) << what;
      EXPECT_EQ(recommend(gemm), 1) << what;
      EXPECT_STRNE(status().message, "") << what;
      EXPECT_EQ(status().table, table_);
    };
    for (std::size_t length = 0; length < good.size(); length += 1 + length / 8) {
      std::ofstream(table_, std::ios::binary | std::ios::trunc) << good.substr(0, length);
      still_answers("truncated");
    }
    std::ofstream(table_, std::ios::binary | std::ios::trunc) << std::string(1U << 20U, '[');
    still_answers("nested without end");
    std::ofstream(table_, std::ios::binary | std::ios::trunc) << good;
    ASSERT_EQ(::chmod(table_.c_str(), 0666), 0);
    still_answers("writable by all");
    std::filesystem::remove(table_);
    ASSERT_EQ(::mkfifo(table_.c_str(), 0600), 0);
    still_answers("a FIFO");
    std::filesystem::remove(table_);
    std::filesystem::create_directory(table_);
    still_answers("a directory");
    std::filesystem::remove(table_);
    EXPECT_EQ(blastune_reload(), -ENOENT);
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_TRUE(is_zero(enter(gemm)));
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_EQ(blastune_reload(), 0);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_STREQ(status().message, "");
  });
}

TEST_P(ClientWithBuild, DamageFromTheStartIsNoOpinion) {
  alone([&] {
    const LoadedBlas blas(library_);
    std::ofstream(table_) << "{}";
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_EQ(status().reason, BLASTUNE_BAD_TABLE);
    EXPECT_EQ(blastune_reload(), -EBADMSG);
  });
}

// Looks until it is so, for much longer than the second that is promised.
template <class Condition>
bool soon(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    const timespec pause = {0, 20'000'000};
    ::nanosleep(&pause, nullptr);
  }
  return false;
}

TEST_P(ClientWithBuild, AChangedTableIsPickedUpByItself) {
  alone([&] {
    const LoadedBlas blas(library_);
    EXPECT_EQ(recommend(gemm), 0);
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 1; }));
    const std::uint64_t generation = status().generation;
    Table larger = make_table(blas.build(), 1);
    larger.add(testing::make_curve(testing::large_gemm, 1));
    save({larger}, table_);
    EXPECT_TRUE(soon([] { return status().curves == 2; }));
    EXPECT_GT(status().generation, generation);
    std::filesystem::remove(table_);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 0; }));
  });
}

TEST_F(Client, ALibraryLoadedLaterIsFound) {
  alone([&] {
    const std::string library = debian_library("pthread");
    std::ofstream(table_) << "x";
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_EQ(status().reason, BLASTUNE_NO_OPENBLAS);
    const LoadedBlas blas(library);
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 1; }));
  });
}

TEST_F(Client, OfSeveralOnlyTheOneThatIsMeantCounts) {
  alone([&] {
    const LoadedBlas pthread_blas(debian_library("pthread"));
    const LoadedBlas openmp_blas(debian_library("openmp"));
    ASSERT_TRUE(pthread_blas.recognised() && openmp_blas.recognised());
    Table openmp_table = make_table(openmp_blas.build(), 1);
    openmp_table.add(testing::make_curve(testing::large_gemm, 1));
    save({make_table(pthread_blas.build(), 1), openmp_table}, table_);
    pthread_blas.set_count(3);
    openmp_blas.set_count(2);
    EXPECT_EQ(recommend(gemm), 0);
    EXPECT_EQ(status().reason, BLASTUNE_SEVERAL_OPENBLAS);
    EXPECT_EQ(status().builds, 2);
    EXPECT_EQ(blastune_reload(), -ENOTUNIQ);

    ASSERT_EQ(blastune_use_blas(pthread_blas.symbol("cblas_dgemm")), 0);
    EXPECT_EQ(status().curves, 1);
    {
      const GemmScope scope(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      EXPECT_EQ(pthread_blas.count(), 1);
      EXPECT_EQ(openmp_blas.count(), 2);
    }
    EXPECT_EQ(pthread_blas.count(), 3);

    ASSERT_EQ(blastune_use_blas(openmp_blas.symbol("dgemm_")), 0);
    EXPECT_EQ(status().curves, 2);
    {
      const GemmScope scope(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      EXPECT_EQ(pthread_blas.count(), 3);
      EXPECT_EQ(openmp_blas.count(), 1);
    }
    EXPECT_EQ(openmp_blas.count(), 2);

    // A scope ends where it began, whatever was chosen meanwhile.
    const blastune_scope scope = enter(gemm);
    ASSERT_EQ(blastune_use_blas(pthread_blas.symbol("cblas_dgemm")), 0);
    blastune_leave(scope);
    EXPECT_EQ(openmp_blas.count(), 2);

    int local = 0;
    EXPECT_EQ(blastune_use_blas(&local), -ENOENT);
    EXPECT_EQ(blastune_use_blas(reinterpret_cast<const void*>(&::time)), -ENOENT);
    EXPECT_EQ(status().curves, 1);  // the choice from before holds
    EXPECT_EQ(blastune_use_blas(nullptr), 0);
    EXPECT_EQ(status().reason, BLASTUNE_SEVERAL_OPENBLAS);
  });
}

TEST_F(Client, OfSeveralTheProgramsOwnIsMeant) {
  alone([&] {
    const LoadedBlas openmp_blas(debian_library("openmp"));
    const LoadedBlas pthread_blas(debian_library("pthread"), RTLD_NOW | RTLD_GLOBAL);
    Table openmp_table = make_table(openmp_blas.build(), 1);
    openmp_table.add(testing::make_curve(testing::large_gemm, 1));
    save({openmp_table, make_table(pthread_blas.build(), 1)}, table_);
    pthread_blas.set_count(3);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(status().builds, 2);
    EXPECT_EQ(status().curves, 1);
  });
}

TEST_F(Client, ALibraryInFrontOfOpenBlasLeadsToIt) {
  alone([&] {
    const LoadedBlas pthread_blas(debian_library("pthread"));
    const LoadedBlas openmp_blas(debian_library("openmp"));
    // The generic libblas.so.3 has its own cblas_dgemm; what it depends on, by its name, was loaded first.
    void* generic = ::dlopen(debian_library("pthread", "libblas.so.3").c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(generic, nullptr) << ::dlerror();
    save({make_table(pthread_blas.build(), 1)}, table_);
    pthread_blas.set_count(3);
    ASSERT_EQ(blastune_use_blas(::dlsym(generic, "cblas_dgemm")), 0);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(status().reason, BLASTUNE_READY) << status().message;
    EXPECT_EQ(status().builds, 2);
  });
}

TEST_F(Client, LibrariesThatOnlyLookLikeOpenBlasAreNotTouched) {
  for (const char* fake : {BLASTUNE_TEST_NO_CONFIG, BLASTUNE_TEST_OTHER_CONFIG, BLASTUNE_TEST_FORWARDER}) {
    alone([&] {
      ASSERT_NE(::dlopen(fake, RTLD_NOW | RTLD_GLOBAL), nullptr) << ::dlerror();
      std::ofstream(table_) << "x";
      EXPECT_EQ(recommend(gemm), 0);
      EXPECT_EQ(status().reason, BLASTUNE_NO_OPENBLAS) << fake << ": " << status().build;
    });
  }
}

TEST_F(Client, SymbolsWithAffixesAreFound) {
  alone([&] {
    const LoadedBlas blas(BLASTUNE_TEST_SCIPY_64);
    ASSERT_TRUE(blas.recognised());
    EXPECT_EQ(blas.build().prefix, "scipy_");
    EXPECT_EQ(blas.build().suffix, "64_");
    EXPECT_EQ(blas.build().integer_bits, 64);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    EXPECT_EQ(recommend(gemm), 1) << status().message;
    {
      const GemmScope scope(BLASTUNE_F64, gemm.m, gemm.n, gemm.k);
      EXPECT_EQ(blas.count(), 1);
    }
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_F(Client, ABuildThatIgnoresItsSetterIsLeftAlone) {
  alone([&] {
    const LoadedBlas blas(BLASTUNE_TEST_DEAF);
    ASSERT_TRUE(blas.recognised());
    save({make_table(blas.build(), 1)}, table_);
    const int before = blas.count();
    blastune_leave(enter(gemm));
    EXPECT_EQ(blas.count(), before);
    EXPECT_EQ(blastune_reload(), 0);
    if (before > 1) {
      EXPECT_EQ(status().applies, 0);
    }
  });
}

TEST_P(ClientWithBuild, AChildOfForkGoesOn) {
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
      larger.add(testing::make_curve(testing::large_gemm, 1));
      save({larger}, table_);
      EXPECT_EQ(blastune_reload(), 0);
      EXPECT_EQ(status().curves, 2);
    });
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    EXPECT_EQ(blas.count(), 3);
  });
}

TEST_P(ClientWithBuild, AForkWhileOthersAreBusyLeavesAWorkingChild) {
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

TEST_P(ClientWithBuild, ManyThreadsWhileTablesChange) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(2);
    Table one = make_table(blas.build(), 1);
    Table two = make_table(blas.build(), 2);
    two.add(testing::make_curve(testing::large_gemm, 1));
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

int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST_P(ClientWithBuild, ErrnoAndDescriptorsStayAsTheyWere) {
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

TEST_P(ClientWithBuild, SaysNothingUnlessAsked) {
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
    return testing::contents(captured);
  };
  EXPECT_EQ(said(nullptr), "");
  EXPECT_EQ(said("0"), "");
  const std::string changes = said("1");
  EXPECT_NE(changes.find("blastune: using " + table_), std::string::npos) << changes;
  EXPECT_NE(changes.find("kept the advice"), std::string::npos) << changes;
  EXPECT_EQ(changes.find("100x500x784"), std::string::npos) << changes;
  EXPECT_NE(said("2").find("100x500x784"), std::string::npos);
}

TEST_P(ClientWithBuild, AThreadMayBeCancelledAtAnyTime) {
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

TEST(ClientVersion, IsTheHeaders) {
  EXPECT_EQ(blastune_api_version(), BLASTUNE_API_VERSION);
}

}  // namespace
}  // namespace blastune
