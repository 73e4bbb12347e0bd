// SPDX-License-Identifier: BSD-3-Clause
//
// A program that loads the client library itself, late, as plugins and language bindings do. Not linked
// with it.
#include <dlfcn.h>

#include <atomic>
#include <thread>

#include "blastune/blastune.h"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

namespace blastune {
namespace {

TEST(LoadedLate, WorksInThreadsOldAndNewAndStaysWhenClosed) {
  testing::alone([] {
    const testing::TemporaryDirectory directory;
    ::setenv("BLASTUNE_TABLE", directory.file("table.json").c_str(), 1);
    const testing::LoadedBlas blas(testing::debian_library("pthread"));
    ASSERT_TRUE(blas.recognised());
    testing::save({testing::make_table(blas.build(), 1)}, directory.file("table.json"));
    blas.set_count(3);

    std::atomic<decltype(&blastune_enter_gemm)> enter{nullptr};
    std::atomic<decltype(&blastune_leave)> leave{nullptr};
    const auto multiply = [&] {
      const blastune_scope scope = enter.load()(BLASTUNE_F64, 0, 0, 100, 500, 784);
      const int count = blas.count();
      leave.load()(scope);
      return count;
    };
    std::atomic<int> seen{0};
    std::thread older([&] {  // has no room for the library's thread-local storage yet
      while (leave.load() == nullptr) std::this_thread::yield();
      while (seen.load() != 1) seen = multiply();
    });

    void* library = ::dlopen(BLASTUNE_TEST_CLIENT, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(library, nullptr) << ::dlerror();
    enter = reinterpret_cast<decltype(&blastune_enter_gemm)>(::dlsym(library, "blastune_enter_gemm"));
    ASSERT_NE(enter.load(), nullptr);
    leave = reinterpret_cast<decltype(&blastune_leave)>(::dlsym(library, "blastune_leave"));
    older.join();
    EXPECT_EQ(seen, 1);
    EXPECT_EQ(multiply(), 1);
    EXPECT_EQ(blas.count(), 3);

    EXPECT_EQ(::dlclose(library), 0);
    EXPECT_EQ(multiply(), 1);
    const pid_t child = ::fork();  // runs what the library has registered
    if (child == 0) ::_exit(multiply() == 1 ? 0 : 1);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  });
}

}  // namespace
}  // namespace blastune
