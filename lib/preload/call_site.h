// SPDX-License-Identifier: BSD-3-Clause
//
// For each place that calls a BLAS function of ours: which function it would have called without us, and
// whose that is. What one place binds another one need not: a process may hold several OpenBLAS, each for
// those who were linked with it, and the loader's search order says nothing of libraries that were loaded
// for themselves, as Python's are.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "preload/findings.h"
#include "preload/routine_name.h"
#include "preload/unloading.h"

namespace blastune {

struct CallSite {
  std::uintptr_t returns_to = 0;                // the address behind the call
  void* function = nullptr;                     // never null
  int blas = 0;                                 // as blastune_find_blas() numbers them; 0: no OpenBLAS
  bool has_wide_integers = false;               // its integers have 64 bits
  std::atomic<std::uint64_t> unloading{1};      // the word by which this was found to be so; 1: it may not be
  std::atomic<std::uint64_t>* calls = nullptr;  // where they are counted (findings.h); null: nowhere
  CallSite* next = nullptr;
};

// The call sites of one symbol. Constant-initialised and never destroyed. Any thread, no lock; a place that
// was seen before costs a few nanoseconds, a new one some microseconds and a little memory.
class CallSites {
 public:
  enum class Of : std::uint8_t { blas, lapack };
  explicit constexpr CallSites(const char* symbol, Of of = Of::blas)
      : symbol_(symbol), routine_(symbol), of_(of) {}
  CallSites(const CallSites&) = delete;
  CallSites& operator=(const CallSites&) = delete;

  [[nodiscard]] RoutineName routine() const { return routine_; }

  // Leaves errno as it was. Does not return where nothing in the process defines the symbol.
  const CallSite& find(const void* return_address) {
    const auto address = reinterpret_cast<std::uintptr_t>(return_address);
    for (const CallSite* site = first(address).load(std::memory_order_acquire); site != nullptr;
         site = site->next) {
      if (site->returns_to == address && site->unloading.load(std::memory_order_relaxed) == Unloading::word())
          [[likely]] {
        if (site->calls != nullptr) [[unlikely]]
          Findings::count(*site->calls);
        return *site;
      }
    }
    return find_out(return_address);
  }

 private:
  static constexpr std::size_t buckets = 64;

  std::atomic<CallSite*>& first(std::uintptr_t address) {
    return buckets_[(address * 0x9E3779B97F4A7C15U) >> 58U];
  }
  CallSite* find_known(const CallSite& wanted);
  CallSite* keep(const CallSite& site);
  [[gnu::cold]] const CallSite& find_out(const void* return_address);

  const char* symbol_;
  RoutineName routine_;
  Of of_;
  std::array<std::atomic<CallSite*>, buckets> buckets_{};
};

}  // namespace blastune
