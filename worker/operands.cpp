// SPDX-License-Identifier: BSD-3-Clause
#include "operands.h"

#include <algorithm>
#include <array>
#include <string>

#include "model/rng.h"

namespace blastune {
namespace {

constexpr std::size_t alignment = 64;  // a cache line, and the widest vector

template <class Real>
void fill(void* memory, std::int64_t bytes, std::uint64_t seed) {
  Rng random(seed);
  Real* values = static_cast<Real*>(memory);
  const std::int64_t count = bytes / static_cast<std::int64_t>(sizeof(Real));
  for (std::int64_t i = 0; i < count; ++i) values[i] = static_cast<Real>(2.0 * random.uniform() - 1.0);
}

}  // namespace

std::int64_t Operands::bytes_held() const {
  std::int64_t sum = 0;
  for (const Pool* pool : {&singles_, &doubles_}) {
    for (const Buffer& buffer : pool->buffers) sum += buffer.bytes;
  }
  return sum;
}

Result<OperandPointers> Operands::for_gemm(const Gemm& gemm) {
  if (Result<void> checked = check_dimensions(gemm); !checked) return checked.error();
  // As a double first: the sizes that may be asked for overflow integers.
  const double needed = operand_bytes(gemm) + 3.0 * static_cast<double>(alignment);
  if (!(needed <= static_cast<double>(max_bytes_))) {
    return Error{ErrorKind::usage,
                 describe(gemm) + " needs " + std::to_string(static_cast<std::int64_t>(needed / 1048576.0)) +
                     " MiB of operands, and " + std::to_string(max_bytes_ / 1048576) + " MiB are allowed",
                 "ask for a smaller multiply or allow more memory"};
  }
  const auto element = static_cast<std::int64_t>(element_size(gemm.dtype));
  std::array<std::int64_t, 3> sizes = {gemm.m * gemm.k * element, gemm.k * gemm.n * element,
                                       gemm.m * gemm.n * element};
  constexpr auto grain = static_cast<std::int64_t>(alignment);
  for (std::int64_t& size : sizes) size = (size + grain - 1) / grain * grain;

  const bool single = gemm.dtype == DType::f32 || gemm.dtype == DType::c64;
  Pool& pool = single ? singles_ : doubles_;
  std::int64_t growth = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    growth += std::max<std::int64_t>(0, sizes[i] - pool.buffers[i].bytes);
  if (growth > max_bytes_ - bytes_held()) {
    // What earlier shapes left over stands in the way: start again from nothing.
    singles_ = Pool{};
    doubles_ = Pool{};
  }
  OperandPointers pointers;
  const std::array<void**, 3> places = {&pointers.a, &pointers.b, &pointers.c};
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Buffer& buffer = pool.buffers[i];
    if (buffer.bytes < sizes[i]) {
      buffer = Buffer{};
      buffer.memory.reset(std::aligned_alloc(alignment, static_cast<std::size_t>(sizes[i])));
      if (!buffer.memory) {
        return Error{ErrorKind::unavailable, "there is no memory for the operands of " + describe(gemm),
                     "ask for a smaller multiply"};
      }
      buffer.bytes = sizes[i];
      if (single)
        fill<float>(buffer.memory.get(), sizes[i], seed_++);
      else
        fill<double>(buffer.memory.get(), sizes[i], seed_++);
    }
    *places[i] = buffer.memory.get();
  }
  return pointers;
}

}  // namespace blastune
