// SPDX-License-Identifier: BSD-3-Clause
#include "preload/call_site.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "blastune/blastune.h"
#include "preload/lapack_owner.h"
#include "preload/real_function.h"

namespace blastune {
namespace {

// As the loader ends a program that calls what nobody defines: there is nothing else to do with such a call.
[[noreturn]] void give_up(const char* symbol) {
  ::dprintf(STDERR_FILENO, "blastune: symbol lookup error: undefined symbol: %s\n", symbol);
  ::_exit(127);
}

bool has_wide_integers(int blas) {
  blastune_blas_info info = {};
  info.size = sizeof info;
  return blastune_describe_blas(blas, &info) == 0 && info.integer_bits == 64;
}

}  // namespace

// The place may be known, and what was unloaded another object than its own.
CallSite* CallSites::find_known(const CallSite& wanted) {
  CallSite* site = first(wanted.returns_to).load(std::memory_order_acquire);
  while (site != nullptr && (site->returns_to != wanted.returns_to || site->function != wanted.function ||
                             site->blas != wanted.blas))
    site = site->next;
  return site;
}

const CallSite& CallSites::find_out(const void* return_address) {
  const int error_number = errno;
  int cancel_state = 0;
  ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
  const std::uint64_t before = Unloading::word();
  // One a thread: of a place that no memory was left to remember.
  static thread_local CallSite site;
  site.returns_to = reinterpret_cast<std::uintptr_t>(return_address);
  site.function = find_real_function(symbol_, return_address);
  if (site.function == nullptr) give_up(symbol_);
  site.blas = std::max(0, blastune_find_blas(site.function));
  if (site.blas == 0 && of_ == Of::lapack) {
    if (const void* openblas = openblas_behind(site.function))
      site.blas = std::max(0, blastune_find_blas(openblas));
  }
  site.has_wide_integers = has_wide_integers(site.blas);
  site.calls = Findings::counter(symbol_, return_address, site.function);
  const bool holds = Unloading::is_calm(before) && Unloading::word() == before;
  CallSite* kept = holds ? keep(site) : nullptr;
  if (site.calls != nullptr) Findings::count(*site.calls);
  if (kept != nullptr) kept->unloading.store(before, std::memory_order_relaxed);
  int ignored = 0;
  ::pthread_setcancelstate(cancel_state, &ignored);
  errno = error_number;
  return kept == nullptr ? site : *kept;
}

// Nothing when there is no memory.
CallSite* CallSites::keep(const CallSite& site) {
  if (CallSite* known = find_known(site)) return known;
  auto* made = new (std::nothrow) CallSite;
  if (made == nullptr) return nullptr;
  made->returns_to = site.returns_to;
  made->function = site.function;
  made->blas = site.blas;
  made->has_wide_integers = site.has_wide_integers;
  made->calls = site.calls;
  std::atomic<CallSite*>& before = first(site.returns_to);
  made->next = before.load(std::memory_order_relaxed);
  while (!before.compare_exchange_weak(made->next, made, std::memory_order_release)) continue;
  return made;
}

}  // namespace blastune
