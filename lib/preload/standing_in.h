// SPDX-License-Identifier: BSD-3-Clause
//
// What every function of ours does that programs call instead of OpenBLAS's: sets the count of the OpenBLAS
// that its caller means, calls that one's function, and puts the count back.
//
// Integers are declared with 64 bits everywhere: what is passed by value lies in a register or a slot of 64
// bits with all calling conventions of Linux on 64-bit machines, is handed on as it came, and looked at only
// in the width that the library means.
#pragma once

#include <cstdint>

#include "blastune/blastune.h"
#include "preload/asked.h"
#include "preload/call_site.h"
#include "preload/counted_call.h"

#if !defined(__LP64__)
#error "the calling conventions of 32-bit machines are not known here"
#endif

namespace blastune {

// What routines are given.
using Int = std::int64_t;
using Text = const char*;
using Address = const void*;
using Length = std::uint64_t;  // of a Text, behind all other arguments

// Whether this thread is inside a call that is judged. Whatever it calls in there runs with that one's count.
// Fixed storage, because a call must not have to ask for any.
extern constinit thread_local bool is_inside_call [[gnu::tls_model("initial-exec")]];

// The scope of one call. Precondition: the call may use threads, so asked.scope is neither none nor small.
class StandingIn {
 public:
  StandingIn(int blas, blastune_dtype dtype, const Asked& asked) : scope_(enter(blas, dtype, asked)) {
    is_inside_call = true;
  }
  StandingIn(const StandingIn&) = delete;
  StandingIn& operator=(const StandingIn&) = delete;
  ~StandingIn() {
    is_inside_call = false;
    blastune_leave(scope_);
  }

  // The count that holds; 0: nothing was set.
  [[nodiscard]] int threads() const { return blastune_scope_threads(scope_); }

 private:
  static blastune_scope enter(int blas, blastune_dtype dtype, const Asked& asked) {
    switch (asked.scope) {
      case Asked::Scope::gemm:
        return blastune_enter_gemm_in(blas, dtype, asked.trans_a, asked.trans_b, asked.m, asked.n, asked.k);
      case Asked::Scope::level3:
        return blastune_enter_level3_in(blas, dtype, asked.trans_a, asked.trans_b, asked.m, asked.n, asked.k);
      case Asked::Scope::limited:
        return blastune_enter_limited_in(blas, slow_seconds(dtype, asked));
      case Asked::Scope::none:
      case Asked::Scope::small:
        break;
    }
    return {{0, 0}};
  }

  blastune_scope scope_;
};

constexpr bool may_use_threads(const Asked& asked) {
  return asked.scope != Asked::Scope::none && asked.scope != Asked::Scope::small;
}

// Integers of a call, in the width that the library at that site means.
class Integers {
 public:
  explicit Integers(const CallSite& site) : are_wide_(site.has_wide_integers) {}

  // By value.
  [[nodiscard]] std::int64_t operator()(std::int64_t value) const {
    return are_wide_ ? value : static_cast<std::int32_t>(value);
  }
  // By address, as Fortran passes them.
  [[nodiscard]] std::int64_t operator()(const void* integer) const {
    if (integer == nullptr) return 0;
    return are_wide_ ? *static_cast<const std::int64_t*>(integer)
                     : *static_cast<const std::int32_t*>(integer);
  }

 private:
  bool are_wide_;
};

inline char letter_at(const char* text) {
  return text == nullptr ? '\0' : *text;
}

// While calls are counted.
template <class Value, class Judge, class... Arguments>
[[gnu::noinline, gnu::cold]] Value stand_in_counted(const CallSite& site, RoutineName routine,
                                                    blastune_dtype dtype, Judge judge,
                                                    Arguments... arguments) {
  const auto function = reinterpret_cast<Value (*)(Arguments...)>(site.function);
  if (is_inside_call) return function(arguments...);
  // How wide integers are is known of an OpenBLAS only.
  const Asked asked = site.blas == 0 ? Asked{} : judge(Integers(site), arguments...);
  CountedCall counted(site.blas, routine, dtype, asked);
  if (!may_use_threads(asked)) return function(arguments...);
  const StandingIn standing(site.blas, dtype, asked);
  counted.runs_with(standing.threads());
  return function(arguments...);
}

// A call that may use threads. It is kept apart, so that the calls that may not need no room for its scope.
template <class Value, class... Arguments>
[[gnu::noinline]] Value stand_in_judged(const CallSite& site, blastune_dtype dtype, const Asked& asked,
                                        Arguments... arguments) {
  const StandingIn standing(site.blas, dtype, asked);
  return reinterpret_cast<Value (*)(Arguments...)>(site.function)(arguments...);
}

// judge(Integers, arguments...): what is asked. It may look at every argument, and must change none. Inlined
// into each exported function, so that a call which is only handed on becomes a jump with its arguments where
// they are.
template <class Value, class Judge, class... Arguments>
[[gnu::always_inline]] inline Value stand_in(CallSites& sites, const void* caller, blastune_dtype dtype,
                                             Judge judge, Arguments... arguments) {
  const CallSite& site = sites.find(caller);
  if (counts_calls) [[unlikely]]
    return stand_in_counted<Value>(site, sites.routine(), dtype, judge, arguments...);
  if (!is_inside_call && site.blas != 0) {
    const Asked asked = judge(Integers(site), arguments...);
    if (may_use_threads(asked)) return stand_in_judged<Value>(site, dtype, asked, arguments...);
  }
  return reinterpret_cast<Value (*)(Arguments...)>(site.function)(arguments...);
}

}  // namespace blastune

// Defines one such function, of BLAS or of LAPACK, that returns a VALUE. The caller is whoever it returns to,
// so it is asked for here and not further in. PARAMETERS and ARGUMENTS are lists in parentheses.
#define BLASTUNE_STAND_IN_FOR(OF, VALUE, NAME, DTYPE, JUDGE, PARAMETERS, ...)                        \
  extern "C" BLASTUNE_API VALUE NAME PARAMETERS;                                                     \
  VALUE NAME PARAMETERS {                                                                            \
    static constinit blastune::CallSites sites(#NAME, blastune::CallSites::Of::OF);                  \
    return blastune::stand_in<VALUE>(sites, __builtin_return_address(0), DTYPE, JUDGE, __VA_ARGS__); \
  }
#define BLASTUNE_STAND_IN(NAME, DTYPE, JUDGE, PARAMETERS, ...) \
  BLASTUNE_STAND_IN_FOR(blas, void, NAME, DTYPE, JUDGE, PARAMETERS, __VA_ARGS__)
#define BLASTUNE_STAND_IN_LAPACK(NAME, DTYPE, JUDGE, PARAMETERS, ...) \
  BLASTUNE_STAND_IN_FOR(lapack, void, NAME, DTYPE, JUDGE, PARAMETERS, __VA_ARGS__)

// Every way in which the builds of the field put a prefix and a suffix around a name: for each,
// ROUTINE(prefix, suffix).
#define BLASTUNE_ALL_AFFIXES(ROUTINE) \
  ROUTINE(, )                         \
  ROUTINE(, 64_)                      \
  ROUTINE(, _64)                      \
  ROUTINE(scipy_, )                   \
  ROUTINE(scipy_, 64_)                \
  ROUTINE(scipy_, _64)
