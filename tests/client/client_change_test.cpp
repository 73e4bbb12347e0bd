// SPDX-License-Identifier: BSD-3-Clause
//
// Tables and libraries that come, change, break and go while the program runs.
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <thread>

#include "tests/client/client_case.h"

namespace blastune {
namespace {

using namespace testing;

class ClientChange : public ClientCase {};
class ClientChangeWithBuild : public ClientCaseWithBuild {};
INSTANTIATE_TEST_SUITE_P(Debian, ClientChangeWithBuild, ::testing::Values("pthread", "openmp"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(ClientChangeWithBuild, ATableForOthersIsNoOpinion) {
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

TEST_P(ClientChangeWithBuild, EachOpenBlasIsDescribedWithItsReason) {
  alone([&] {
    const LoadedBlas blas(library_);
    const auto describe_it = [&] {
      blastune_blas_info info = {};
      info.size = sizeof info;
      const int number = blastune_find_blas(blas.symbol("cblas_dgemm"));
      EXPECT_GT(number, 0);
      EXPECT_EQ(blastune_describe_blas(number, &info), 0);
      return info;
    };
    EXPECT_EQ(describe_it().reason, BLASTUNE_NO_TABLE);
    Table stale = make_table(blas.build(), 1);
    stale.build.build_id = "0123456789abcdef";
    save({stale}, table_);
    EXPECT_EQ(blastune_reload(), -ESTALE);
    EXPECT_EQ(describe_it().reason, BLASTUNE_FOREIGN_BUILD);
    EXPECT_STRNE(describe_it().message, "");
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_EQ(blastune_reload(), 0);
    const blastune_blas_info info = describe_it();
    EXPECT_EQ(info.reason, BLASTUNE_READY);
    EXPECT_EQ(info.curves, 1);
    EXPECT_EQ(info.table, table_);
    EXPECT_EQ(info.integer_bits, 32);
    // Who knows the first fields only gets no more.
    struct {
      blastune_blas_info info;
      char behind[8];
    } small = {};
    small.info.size = 1296;
    EXPECT_EQ(blastune_describe_blas(1, &small.info), 0);
    EXPECT_EQ(small.info.size, 1296U);
    EXPECT_EQ(small.info.curves, 0);
    small.info.size = 1295;
    EXPECT_EQ(blastune_describe_blas(1, &small.info), -EINVAL);
  });
}

TEST_P(ClientChangeWithBuild, DamageKeepsTheOldAdviceAndRemovalEndsIt) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(3);
    save({make_table(blas.build(), 1)}, table_);
    const std::string good = contents(table_);
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
    blas.set_count(1);
    const blastune_scope scope = enter(gemm);
    EXPECT_EQ(blas.count(), 1);
    blastune_leave(scope);
    blas.set_count(3);
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_EQ(blastune_reload(), 0);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_STREQ(status().message, "");
  });
}

TEST_P(ClientChangeWithBuild, DamageFromTheStartIsNoOpinion) {
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

TEST_P(ClientChangeWithBuild, AChangedTableIsPickedUpByItself) {
  alone([&] {
    const LoadedBlas blas(library_);
    EXPECT_EQ(recommend(gemm), 0);
    save({make_table(blas.build(), 1)}, table_);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 1; }));
    const std::uint64_t generation = status().generation;
    Table larger = make_table(blas.build(), 1);
    larger.add(make_curve(large_gemm, 1));
    save({larger}, table_);
    EXPECT_TRUE(soon([] { return status().curves == 2; }));
    EXPECT_GT(status().generation, generation);
    std::filesystem::remove(table_);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 0; }));
  });
}

TEST_P(ClientChangeWithBuild, ATableThatCouldNotBeOpenedIsTriedAgain) {
  alone([&] {
    const LoadedBlas blas(library_);
    blas.set_count(3);
    save({make_table(blas.build(), 1)}, table_);
    ASSERT_EQ(recommend(gemm), 1);
    ASSERT_EQ(status().curves, 1);
    const std::string next = table_ + ".next";
    Table larger = make_table(blas.build(), 1);
    larger.add(make_curve(large_gemm, 1));
    save({larger}, next);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none = {0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    ASSERT_EQ(::rename(next.c_str(), table_.c_str()), 0);
    EXPECT_EQ(blastune_reload(), 0);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_NE(status().message[0], '\0');
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_TRUE(soon([] { return recommend(gemm) == 1 && status().curves == 2; }));
  });
}

TEST_F(ClientChange, ALibraryLoadedLaterIsFound) {
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

// Of one library, or of two of which neither is global: then there is no opinion, and still nothing may wait.
void load_what_waits_while_a_thread_multiplies(int answer) {
  ASSERT_EQ(recommend(gemm), answer);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  ::setenv("BLASTUNE_TEST_SOCKET", std::to_string(ends[1]).c_str(), 1);
  std::thread multiplier([&] {
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    const time_t before = ::time(nullptr);
    while (::time(nullptr) < before + 2) blastune_leave(enter(gemm));  // a look a second
    EXPECT_EQ(recommend(gemm), answer);
    EXPECT_EQ(::write(ends[0], &byte, 1), 1);
  });
  EXPECT_NE(::dlopen(BLASTUNE_TEST_WAITING, RTLD_NOW), nullptr) << ::dlerror();
  multiplier.join();
}

TEST_P(ClientChangeWithBuild, AConstructorMayWaitForAThreadThatMultiplies) {
  alone([&] {
    const LoadedBlas blas(library_);
    save({make_table(blas.build(), 1)}, table_);
    blas.set_count(3);
    load_what_waits_while_a_thread_multiplies(1);
  });
}

TEST_F(ClientChange, AConstructorMayWaitAlsoBesideTwoOpenBlas) {
  alone([&] {
    const LoadedBlas one(debian_library("pthread"));
    const LoadedBlas other(debian_library("openmp"));
    save({make_table(one.build(), 1)}, table_);
    load_what_waits_while_a_thread_multiplies(0);
  });
}

TEST_F(ClientChange, OfSeveralOnlyTheOneThatIsMeantCounts) {
  alone([&] {
    const LoadedBlas pthread_blas(debian_library("pthread"));
    const LoadedBlas openmp_blas(debian_library("openmp"));
    ASSERT_TRUE(pthread_blas.recognised() && openmp_blas.recognised());
    Table openmp_table = make_table(openmp_blas.build(), 1);
    openmp_table.add(make_curve(large_gemm, 1));
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

TEST_F(ClientChange, OfSeveralTheProgramsOwnIsMeant) {
  alone([&] {
    const LoadedBlas openmp_blas(debian_library("openmp"));
    const LoadedBlas pthread_blas(debian_library("pthread"), RTLD_NOW | RTLD_GLOBAL);
    Table openmp_table = make_table(openmp_blas.build(), 1);
    openmp_table.add(make_curve(large_gemm, 1));
    save({openmp_table, make_table(pthread_blas.build(), 1)}, table_);
    pthread_blas.set_count(3);
    EXPECT_EQ(recommend(gemm), 1);
    EXPECT_EQ(status().builds, 2);
    EXPECT_EQ(status().curves, 1);
  });
}

TEST_F(ClientChange, ALibraryInFrontOfOpenBlasLeadsToIt) {
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

TEST_F(ClientChange, LibrariesThatOnlyLookLikeOpenBlasAreNotTouched) {
  for (const char* fake : {BLASTUNE_TEST_NO_CONFIG, BLASTUNE_TEST_OTHER_CONFIG, BLASTUNE_TEST_FORWARDER}) {
    alone([&] {
      ASSERT_NE(::dlopen(fake, RTLD_NOW | RTLD_GLOBAL), nullptr) << ::dlerror();
      std::ofstream(table_) << "x";
      EXPECT_EQ(recommend(gemm), 0);
      EXPECT_EQ(status().reason, BLASTUNE_NO_OPENBLAS) << fake << ": " << status().build;
    });
  }
}

TEST_F(ClientChange, SymbolsWithAffixesAreFound) {
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

TEST_F(ClientChange, ABuildThatIgnoresItsSetterIsLeftAlone) {
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

}  // namespace
}  // namespace blastune
