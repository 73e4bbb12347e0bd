// SPDX-License-Identifier: BSD-3-Clause
#include "preload/counted_call.h"

#include <time.h>

#include <cerrno>

#include "preload/process_stats.h"

namespace blastune {
namespace {

std::uint64_t nanoseconds_now() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

CallKind kind_of(int blas, Asked::Scope scope) {
  if (blas == 0) return CallKind::no_openblas;
  switch (scope) {
    case Asked::Scope::small:
      return CallKind::small;
    case Asked::Scope::gemm:
      return CallKind::gemm;
    case Asked::Scope::level3:
      return CallKind::level3;
    case Asked::Scope::limited:
      return CallKind::limited;
    case Asked::Scope::none:
      break;
  }
  return CallKind::refused;
}

bool may_be_limited(CallKind kind) {
  return kind == CallKind::gemm || kind == CallKind::level3 || kind == CallKind::limited;
}

}  // namespace

CountedCall::CountedCall(int blas, RoutineName routine, blastune_dtype dtype, const Asked& asked)
    : blas_(blas), dtype_(dtype) {
  case_.routine = routine;
  case_.kind = kind_of(blas, asked.scope);
  if (case_.kind == CallKind::gemm || case_.kind == CallKind::level3) {
    case_.trans_a = static_cast<std::int8_t>(asked.trans_a);
    case_.trans_b = static_cast<std::int8_t>(asked.trans_b);
    case_.m = asked.m;
    case_.n = asked.n;
    case_.k = asked.k;
  }
  if (may_be_limited(case_.kind) || case_.kind == CallKind::no_openblas)
    case_.stamp = blastune_advice_stamp(blas);
  began_ = nanoseconds_now();
}

CountedCall::~CountedCall() {
  const std::uint64_t nanoseconds = nanoseconds_now() - began_;
  CaseRow* row = process_account().find(case_);
  (row != nullptr ? *row : first_of_its_kind()).note(threads_, nanoseconds);
}

[[gnu::noinline, gnu::cold]] CaseRow& CountedCall::first_of_its_kind() const {
  CallAccount& account = process_account();
  if (!account.has_room()) return account.others();
  const int error_number = errno;
  CaseFacts facts;
  blastune_blas_info info = {};
  info.size = sizeof info;
  if (may_be_limited(case_.kind) && blastune_describe_blas(blas_, &info) == 0) {
    facts.can_be_set = info.applies != 0;
    facts.limit = info.limit;
  }
  blastune_advice advice = {};
  advice.size = sizeof advice;
  if (case_.m > 0 && blastune_advise_gemm_in(blas_, dtype_, case_.trans_a, case_.trans_b, case_.m, case_.n,
                                             case_.k, &advice) == 0) {
    facts.advised = advice.threads;
    facts.basis = static_cast<std::int8_t>(advice.basis);
    facts.expected_seconds = advice.expected_seconds;
    facts.default_seconds = advice.default_seconds;
    // Where the gemm would be small its kin gets one thread, and nobody knows what it takes with more.
    if (case_.kind == CallKind::level3 && advice.one_thread_anyway != 0) {
      facts.advised = 1;
      facts.basis = BLASTUNE_BASIS_NONE;
      facts.expected_seconds = facts.default_seconds = 0;
    }
  }
  CaseRow& row = account.add(case_, facts);
  errno = error_number;
  return row;
}

}  // namespace blastune
