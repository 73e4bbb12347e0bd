// SPDX-License-Identifier: BSD-3-Clause
//
// Memory for the operands of one multiply at a time: kept and reused, grown on demand up to a cap, filled
// once with random numbers from -1 to 1 (zeros, denormals or NaN would be timed as something else).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "base/result.h"
#include "model/gemm.h"

namespace blastune {

struct OperandPointers {
  void* a = nullptr;
  void* b = nullptr;
  void* c = nullptr;
};

class Operands {
 public:
  explicit Operands(std::int64_t max_bytes) : max_bytes_(max_bytes) {}

  // Three buffers for this gemm, valid until the next call. Fails when they exceed the cap or the machine.
  Result<OperandPointers> for_gemm(const Gemm& gemm);
  [[nodiscard]] std::int64_t bytes_held() const;

 private:
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  struct Buffer {
    std::unique_ptr<void, Free> memory;
    std::int64_t bytes = 0;
  };
  // A, B and C of one kind of real numbers; complex types are pairs of them.
  struct Pool {
    Buffer buffers[3];
  };

  std::int64_t max_bytes_;
  std::uint64_t seed_ = 1;
  Pool singles_;
  Pool doubles_;
};

}  // namespace blastune
