// SPDX-License-Identifier: BSD-3-Clause
#include "model/thread_use.h"

#include <gtest/gtest.h>

namespace blastune {
namespace {

Gemm cube(DType dtype, std::int64_t size) {
  return {dtype, Transpose::none, Transpose::none, size, size, size};
}

TEST(ThreadUse, SmallMultipliesRunOnOneThreadWhateverTheCount) {
  Build build;
  build.threading = Threading::pthread;
  for (const DType real : {DType::f32, DType::f64}) {
    EXPECT_TRUE(runs_on_one_thread(build, cube(real, 64)));
    EXPECT_FALSE(runs_on_one_thread(build, cube(real, 65)));
  }
  for (const DType complex : {DType::c64, DType::c128}) {
    EXPECT_TRUE(runs_on_one_thread(build, cube(complex, 31)));
    EXPECT_FALSE(runs_on_one_thread(build, cube(complex, 33)));
  }
}

TEST(ThreadUse, ASerialBuildHasOneThread) {
  Build build;
  build.threading = Threading::serial;
  EXPECT_TRUE(runs_on_one_thread(build, cube(DType::f64, 5000)));
}

}  // namespace
}  // namespace blastune
