// SPDX-License-Identifier: BSD-3-Clause
#include "model/thread_use.h"

namespace blastune {
namespace {

constexpr double one_thread_volume = 65536.0 * 4;
constexpr double one_thread_volume_complex = 8192.0 * 4;

double largest_on_one_thread(DType dtype) {
  return dtype == DType::c64 || dtype == DType::c128 ? one_thread_volume_complex : one_thread_volume;
}

}  // namespace

bool runs_on_one_thread(const Build& build, const Gemm& gemm) {
  return build.threading == Threading::serial || volume(gemm) <= largest_on_one_thread(gemm.dtype);
}

}  // namespace blastune
