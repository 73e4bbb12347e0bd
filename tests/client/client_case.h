// SPDX-License-Identifier: BSD-3-Clause
//
// What the cases on the installed interface share. No case depends on how many processors there are:
// programs set a count of 3 themselves, which blastune may only lower.
#pragma once

#include <algorithm>

#include "blastune/blastune.hpp"
#include "tests/client/host.h"
#include "tests/client/loaded_blas.h"

namespace blastune::testing {

inline int recommend(const Gemm& gemm) {
  return blastune_recommend_gemm(static_cast<blastune_dtype>(gemm.dtype),
                                 static_cast<blastune_transpose>(gemm.trans_a),
                                 static_cast<blastune_transpose>(gemm.trans_b), gemm.m, gemm.n, gemm.k);
}

inline blastune_scope enter(const Gemm& gemm) {
  return blastune_enter_gemm(static_cast<blastune_dtype>(gemm.dtype),
                             static_cast<blastune_transpose>(gemm.trans_a),
                             static_cast<blastune_transpose>(gemm.trans_b), gemm.m, gemm.n, gemm.k);
}

inline blastune_status_info status() {
  blastune_status_info info = {};
  info.size = sizeof info;
  EXPECT_EQ(blastune_status(&info), 0);
  return info;
}

inline bool is_zero(const blastune_scope& scope) {
  return scope.opaque[0] == 0 && scope.opaque[1] == 0;
}

inline bool is_timed(const blastune_scope& scope) {
  return (scope.opaque[0] >> 9U & 1U) != 0;
}

inline int open_descriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

inline const Gemm& gemm = layer_gemm_500;

class ClientCase : public ::testing::Test {
 protected:
  // The table's place for the processes of this case; nothing of the tester's own.
  ClientCase() {
    ::setenv("BLASTUNE_TABLE", table_.c_str(), 1);
    for (const char* name : {"BLASTUNE_DISABLE", "BLASTUNE_MAX_THREADS", "BLASTUNE_LOG",
                             "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_PROC_BIND"})
      ::unsetenv(name);
    // What else the tester's machine does must not decide.
    ::setenv("BLASTUNE_LOAD", "0", 1);
  }
  TemporaryDirectory directory_;
  std::string table_ = directory_.file("table.json");
};

class ClientCaseWithBuild : public ClientCase, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    library_ = debian_library(GetParam());
    ASSERT_FALSE(library_.empty()) << "install libopenblas0-" << GetParam();
  }
  std::string library_;
};

}  // namespace blastune::testing
