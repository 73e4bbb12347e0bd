// SPDX-License-Identifier: BSD-3-Clause
#include "model/thread_use.h"

namespace blastune {
namespace {

constexpr double one_thread_volume = 65536.0 * 4;

}  // namespace

bool runs_on_one_thread(const Build& build, const Gemm& gemm) {
  return build.threading == Threading::serial || volume(gemm) <= one_thread_volume;
}

}  // namespace blastune
