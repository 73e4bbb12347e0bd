// SPDX-License-Identifier: BSD-3-Clause
#include "preload/call_site.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

#include "blastune/blastune.h"
#include "client/loaded_objects.h"
#include "preload/real_function.h"

namespace blastune {
namespace {

std::atomic<time_t> looked_at{0};
std::atomic<unsigned long long> unloaded_objects{0};

[[gnu::cold]] void look_for_unloaded(time_t now) {
  looked_at.store(now, std::memory_order_relaxed);
  unloaded_objects.store(read_load_counters().unloaded, std::memory_order_relaxed);
}

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

bool CallSites::is_current(const CallSite& site) {
  const time_t now = ::time(nullptr);
  if (now != looked_at.load(std::memory_order_relaxed)) [[unlikely]]
    look_for_unloaded(now);
  return site.unloaded.load(std::memory_order_relaxed) == unloaded_objects.load(std::memory_order_relaxed);
}

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
  look_for_unloaded(::time(nullptr));
  // One a thread: of a place that no memory was left to remember.
  static thread_local CallSite site;
  site.returns_to = reinterpret_cast<std::uintptr_t>(return_address);
  const auto unloaded = unloaded_objects.load(std::memory_order_relaxed);
  site.function = find_real_function(symbol_, return_address);
  if (site.function == nullptr) give_up(symbol_);
  site.blas = std::max(0, blastune_find_blas(site.function));
  site.has_wide_integers = has_wide_integers(site.blas);
  CallSite* found = find_known(site);
  if (found == nullptr && (found = new (std::nothrow) CallSite) != nullptr) {
    found->returns_to = site.returns_to;
    found->function = site.function;
    found->blas = site.blas;
    found->has_wide_integers = site.has_wide_integers;
    found->unloaded.store(unloaded, std::memory_order_relaxed);
    std::atomic<CallSite*>& before = first(site.returns_to);
    found->next = before.load(std::memory_order_relaxed);
    while (!before.compare_exchange_weak(found->next, found, std::memory_order_release)) continue;
  }
  if (found == nullptr) {
    found = &site;
  } else {
    found->unloaded.store(unloaded, std::memory_order_relaxed);
  }
  int ignored = 0;
  ::pthread_setcancelstate(cancel_state, &ignored);
  errno = error_number;
  return *found;
}

}  // namespace blastune
