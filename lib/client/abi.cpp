// SPDX-License-Identifier: BSD-3-Clause
//
// The C ABI: checks what comes in, lets nothing out but values. blastune/blastune.h says what each does.
#include <errno.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string_view>

#include "blastune/blastune.h"
#include "client/client.h"
#include "client/gemm_key.h"
#include "model/layer.h"

namespace {

using blastune::DType;
using blastune::GemmKey;
using blastune::Reason;
using blastune::Transpose;

// The structs as they were in the first version: no caller has smaller ones.
constexpr std::size_t first_advice_size = 40;
constexpr std::size_t first_status_size = 1840;
constexpr std::size_t first_blas_size = 1296;
static_assert(sizeof(blastune_advice) >= first_advice_size);
static_assert(sizeof(blastune_status_info) >= first_status_size);
static_assert(sizeof(blastune_blas_info) >= first_blas_size);
static_assert(sizeof(blastune_scope) == 16);

static_assert(static_cast<int>(DType::f32) == BLASTUNE_F32 && static_cast<int>(DType::f64) == BLASTUNE_F64 &&
              static_cast<int>(DType::c64) == BLASTUNE_C64 && static_cast<int>(DType::c128) == BLASTUNE_C128);
static_assert(static_cast<int>(Transpose::none) == BLASTUNE_NO_TRANS &&
              static_cast<int>(Transpose::transposed) == BLASTUNE_TRANS &&
              static_cast<int>(Transpose::conjugated) == BLASTUNE_CONJ_TRANS);
static_assert(static_cast<int>(blastune::Basis::none) == BLASTUNE_BASIS_NONE &&
              static_cast<int>(blastune::Basis::measured) == BLASTUNE_BASIS_MEASURED &&
              static_cast<int>(blastune::Basis::interpolated) == BLASTUNE_BASIS_INTERPOLATED);
static_assert(static_cast<int>(Reason::ready) == BLASTUNE_READY &&
              static_cast<int>(Reason::disabled) == BLASTUNE_DISABLED &&
              static_cast<int>(Reason::no_table) == BLASTUNE_NO_TABLE &&
              static_cast<int>(Reason::bad_table) == BLASTUNE_BAD_TABLE &&
              static_cast<int>(Reason::foreign_machine) == BLASTUNE_FOREIGN_MACHINE &&
              static_cast<int>(Reason::foreign_build) == BLASTUNE_FOREIGN_BUILD &&
              static_cast<int>(Reason::no_openblas) == BLASTUNE_NO_OPENBLAS &&
              static_cast<int>(Reason::several_openblas) == BLASTUNE_SEVERAL_OPENBLAS &&
              static_cast<int>(Reason::failed) == BLASTUNE_FAILED);

// Not check_dimensions(): its errors are texts, and a hot path has no use for them.
bool in_range(std::int64_t size) {
  return size >= 1 && size <= blastune::max_dimension;
}

bool is_transpose(blastune_transpose transpose) {
  return transpose >= BLASTUNE_NO_TRANS && transpose <= BLASTUNE_CONJ_TRANS;
}

bool is_dtype(blastune_dtype dtype) {
  return dtype >= BLASTUNE_F32 && dtype <= BLASTUNE_C128;
}

bool to_key(GemmKey& key, blastune_dtype dtype, blastune_transpose transpose_a,
            blastune_transpose transpose_b, std::int64_t m, std::int64_t n, std::int64_t k) {
  if (!is_dtype(dtype) || !is_transpose(transpose_a) || !is_transpose(transpose_b) || !in_range(m) ||
      !in_range(n) || !in_range(k))
    return false;
  // Of real numbers the conjugate is the number, and tables know only one of the two.
  if (dtype == BLASTUNE_F32 || dtype == BLASTUNE_F64) {
    if (transpose_a == BLASTUNE_CONJ_TRANS) transpose_a = BLASTUNE_TRANS;
    if (transpose_b == BLASTUNE_CONJ_TRANS) transpose_b = BLASTUNE_TRANS;
  }
  key = blastune::key_of({static_cast<DType>(dtype), static_cast<Transpose>(transpose_a),
                          static_cast<Transpose>(transpose_b), m, n, k});
  return true;
}

// A scope in two words: a guard's scope, and room for what later versions want to know.
blastune_scope pack(const blastune::ClientScope& scope) {
  blastune_scope packed = {{0, 0}};
  packed.opaque[0] = static_cast<std::uint64_t>(scope.slot) |
                     static_cast<std::uint64_t>(scope.guard.counted ? 1 : 0) << 8U |
                     static_cast<std::uint64_t>(scope.timed ? 1 : 0) << 9U |
                     static_cast<std::uint64_t>(scope.guard.several ? 1 : 0) << 10U |
                     static_cast<std::uint64_t>(scope.guard.epoch) << 16U |
                     static_cast<std::uint64_t>(scope.guard.previous) << 32U |
                     static_cast<std::uint64_t>(scope.guard.changed_to) << 48U;
  return packed;
}

blastune::ClientScope unpack(const blastune_scope& packed) {
  const std::uint64_t word = packed.opaque[0];
  blastune::ClientScope scope;
  scope.slot = static_cast<std::uint8_t>(word & 0xFFU);
  scope.guard.counted = (word >> 8U & 1U) != 0;
  scope.timed = (word >> 9U & 1U) != 0;
  scope.guard.several = (word >> 10U & 1U) != 0;
  scope.guard.epoch = static_cast<std::uint8_t>(word >> 16U & 0xFFU);
  scope.guard.previous = static_cast<std::uint16_t>(word >> 32U & 0xFFFFU);
  scope.guard.changed_to = static_cast<std::uint16_t>(word >> 48U & 0xFFFFU);
  return scope;
}

template <std::size_t Size>
void copy_text(char (&to)[Size], std::string_view text) {
  std::size_t length = std::min(text.size(), Size - 1);
  // Not in the middle of a UTF-8 sequence.
  while (length < text.size() && length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0U) == 0x80U)
    --length;
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

// As much of a struct as the caller has room for, and how much that was.
template <class Struct>
void hand_out(Struct& known, Struct* out, std::size_t room) {
  known.size = static_cast<std::uint32_t>(std::min(room, sizeof(Struct)));
  std::memcpy(static_cast<void*>(out), &known, known.size);
}

void hand_out_advice(const blastune::ClientAdvice& found, blastune_advice* out) {
  blastune_advice known = {};
  known.limit = found.limit;
  known.one_thread_anyway = found.one_thread_anyway ? 1 : 0;
  if (found.advice.threads > 0) {
    known.threads = found.advice.threads;
    known.basis = static_cast<std::int32_t>(found.advice.basis);
    known.expected_seconds = found.advice.expected_seconds;
    known.default_seconds = found.advice.default_seconds;
    known.confidence = found.advice.confidence;
  }
  hand_out(known, out, out->size);
}

// Of the numbers that blastune_find_blas returns; -1 for what is none.
int slot_of(int blas) {
  return blas < 1 ? -1 : blas - 1;
}

int error_number(Reason reason) {
  switch (reason) {
    case Reason::ready:
      return 0;
    case Reason::disabled:
      return -ECANCELED;
    case Reason::no_table:
    case Reason::no_openblas:
      return -ENOENT;
    case Reason::bad_table:
      return -EBADMSG;
    case Reason::foreign_machine:
    case Reason::foreign_build:
      return -ESTALE;
    case Reason::several_openblas:
      return -ENOTUNIQ;
    case Reason::failed:
      break;
  }
  return -ENOMEM;
}

}  // namespace

extern "C" {

int blastune_api_version(void) {
  return BLASTUNE_API_VERSION;
}

int blastune_recommend_gemm(blastune_dtype dtype, blastune_transpose transpose_a,
                            blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  GemmKey gemm;
  if (!to_key(gemm, dtype, transpose_a, transpose_b, m, n, k)) return 0;
  return blastune::process_client.recommend(gemm);
}

int blastune_recommend_layer(blastune_dtype dtype, int64_t m, int64_t n, int64_t batch) {
  if (!is_dtype(dtype) || !in_range(m) || !in_range(n) || !in_range(batch)) return 0;
  return blastune::process_client.recommend(
      blastune::key_of(blastune::layer_gemm({m, n}, batch, static_cast<DType>(dtype), blastune::Pass::forward,
                                            blastune::Layout::features_by_batch)));
}

int blastune_advise_gemm(blastune_dtype dtype, blastune_transpose transpose_a, blastune_transpose transpose_b,
                         int64_t m, int64_t n, int64_t k, blastune_advice* advice) {
  GemmKey gemm;
  if (!to_key(gemm, dtype, transpose_a, transpose_b, m, n, k) || advice == nullptr ||
      advice->size < first_advice_size)
    return -EINVAL;
  hand_out_advice(blastune::process_client.advise(blastune::gemm_of(gemm)), advice);
  return 0;
}

int blastune_advise_gemm_in(int blas, blastune_dtype dtype, blastune_transpose transpose_a,
                            blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k,
                            blastune_advice* advice) {
  GemmKey gemm;
  if (!to_key(gemm, dtype, transpose_a, transpose_b, m, n, k) || advice == nullptr ||
      advice->size < first_advice_size || !blastune::process_client.knows_blas(slot_of(blas)))
    return -EINVAL;
  const auto slot = static_cast<std::size_t>(blas - 1);
  hand_out_advice(blastune::process_client.advise_in(slot, blastune::gemm_of(gemm)), advice);
  return 0;
}

std::uint64_t blastune_advice_stamp(int blas) {
  return blastune::process_client.advice_stamp(slot_of(blas));
}

blastune_scope blastune_enter_gemm(blastune_dtype dtype, blastune_transpose transpose_a,
                                   blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  GemmKey gemm;
  if (!to_key(gemm, dtype, transpose_a, transpose_b, m, n, k)) return {{0, 0}};
  return pack(blastune::process_client.enter(gemm));
}

blastune_scope blastune_enter_gemm_in(int blas, blastune_dtype dtype, blastune_transpose transpose_a,
                                      blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  GemmKey gemm;
  if (blas < 1 || !to_key(gemm, dtype, transpose_a, transpose_b, m, n, k)) return {{0, 0}};
  return pack(blastune::process_client.enter_in(static_cast<std::size_t>(blas - 1), gemm));
}

blastune_scope blastune_enter_level3_in(int blas, blastune_dtype dtype, blastune_transpose transpose_a,
                                        blastune_transpose transpose_b, int64_t m, int64_t n, int64_t k) {
  GemmKey gemm;
  if (blas < 1 || !to_key(gemm, dtype, transpose_a, transpose_b, m, n, k)) return {{0, 0}};
  return pack(blastune::process_client.enter_level3_in(static_cast<std::size_t>(blas - 1), gemm));
}

blastune_scope blastune_enter_limited_in(int blas, double slow_seconds) {
  if (blas < 1) return {{0, 0}};
  return pack(blastune::process_client.enter_limited_in(static_cast<std::size_t>(blas - 1), slow_seconds));
}

int blastune_scope_threads(blastune_scope scope) {
  return blastune::process_client.threads_in(unpack(scope));
}

void blastune_leave(blastune_scope scope) {
  blastune::process_client.leave(unpack(scope));
}

int blastune_find_blas(const void* symbol_address) {
  if (symbol_address == nullptr) return -EINVAL;
  try {
    const auto slot = blastune::process_client.find_blas(symbol_address);
    return slot ? static_cast<int>(*slot) + 1 : -ENOENT;
  } catch (...) {
    return -ENOMEM;
  }
}

int blastune_describe_blas(int blas, blastune_blas_info* info) {
  if (blas < 1 || info == nullptr || info->size < first_blas_size) return -EINVAL;
  try {
    const auto found = blastune::process_client.describe_blas(static_cast<std::size_t>(blas - 1));
    if (!found) return -EINVAL;
    blastune_blas_info known = {};
    known.integer_bits = found->integer_bits;
    known.applies = found->applies ? 1 : 0;
    known.limit = found->limit;
    copy_text(known.build, found->build);
    copy_text(known.path, found->path);
    known.reason = static_cast<std::int32_t>(found->report.reason);
    known.curves = found->report.curves;
    copy_text(known.table, found->report.table);
    copy_text(known.message, found->report.message);
    hand_out(known, info, info->size);
    return 0;
  } catch (...) {
    return -ENOMEM;
  }
}

int blastune_use_blas(const void* symbol_address) {
  try {
    return blastune::process_client.use_blas(symbol_address) ? 0 : -ENOENT;
  } catch (...) {
    return -ENOMEM;
  }
}

int blastune_reload(void) {
  try {
    return error_number(blastune::process_client.reload().reason);
  } catch (...) {
    return -ENOMEM;
  }
}

int blastune_status(blastune_status_info* status) {
  if (status == nullptr || status->size < first_status_size) return -EINVAL;
  blastune_status_info known = {};
  try {
    const blastune::ClientStatus found = blastune::process_client.status();
    known.reason = static_cast<std::int32_t>(found.report.reason);
    known.generation = found.generation;
    known.measured_unix = found.report.measured_unix;
    known.curves = found.report.curves;
    known.builds = found.builds;
    known.usable = found.report.usable;
    known.limit = found.limit;
    known.applies = found.report.applies ? 1 : 0;
    copy_text(known.table, found.report.table);
    copy_text(known.build, found.report.build);
    copy_text(known.message, found.report.message);
  } catch (...) {
    known.reason = BLASTUNE_FAILED;
  }
  hand_out(known, status, status->size);
  return 0;
}

}  // extern "C"
