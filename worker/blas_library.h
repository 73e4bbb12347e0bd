// SPDX-License-Identifier: BSD-3-Clause
//
// One OpenBLAS, loaded: who it is, its count, and its multiply. Nothing else in blastune calls BLAS.
//
// Loading runs the library's code, so it may crash or hang: done only in the worker's process, and from
// its first thread (an OpenMP build's count belongs to the thread that sets it). Stays loaded for good,
// because a BLAS with a thread pool cannot be unloaded safely.
#pragma once

#include <string>

#include "base/result.h"
#include "model/build.h"
#include "model/gemm.h"

namespace blastune {

class BlasLibrary {
 public:
  // file: a path, or a bare name that the loader searches for ("libopenblas.so.0").
  static Result<BlasLibrary> load(const std::string& file);

  [[nodiscard]] const Build& build() const { return build_; }
  [[nodiscard]] int default_threads() const { return default_threads_; }
  // What was seen to work; none when the build's own policy has no way or the count did not follow.
  [[nodiscard]] CountSetter setter() const { return setter_; }

  // Sets the count of the next multiplies and reads it back. Without a setter only the default is possible.
  Result<void> set_threads(int threads) const;
  // What the library says its count is.
  [[nodiscard]] int threads() const;

  // True when the build has this type's multiply.
  [[nodiscard]] bool has(DType dtype) const;
  // C = op(A) op(B), column-major, leading dimensions without padding. Precondition: has(gemm.dtype), the
  // sizes are checked, and the operands are that large.
  void multiply(const Gemm& gemm, const void* a, const void* b, void* c) const;

 private:
  using AnyFunction = void (*)();

  BlasLibrary() = default;
  [[nodiscard]] AnyFunction find(const char* name, bool with_affixes) const;
  Result<void> identify(const std::string& file);
  void choose_setter();
  [[nodiscard]] bool count_follows(CountSetter setter, int threads) const;
  void apply(CountSetter setter, int threads) const;
  template <class Integer>
  void call(const Gemm& gemm, const void* a, const void* b, void* c) const;

  void* handle_ = nullptr;
  Build build_;
  int default_threads_ = 1;
  CountSetter setter_ = CountSetter::none;
  int (*get_threads_)() = nullptr;
  void (*set_threads_)(int) = nullptr;
  void (*omp_set_threads_)(int) = nullptr;
  int (*omp_get_threads_)() = nullptr;
  AnyFunction gemms_[4] = {};  // by DType
};

}  // namespace blastune
