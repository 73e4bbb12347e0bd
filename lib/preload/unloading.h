// SPDX-License-Identifier: BSD-3-Clause
//
// Whether objects were unloaded. The loader tells nobody, and what is loaded next may lie where a caller was:
// so dlclose() is one of the functions that stand in for the system's.
#pragma once

#include <atomic>
#include <cstdint>

namespace blastune {

// Changes while an object is being unloaded, and is another one afterwards. Closing a handle that others hold
// too changes nothing in the end.
class Unloading {
 public:
  static std::uint64_t word() { return present.load(std::memory_order_acquire); }
  // Nothing was being unloaded when the word was that.
  static bool is_calm(std::uint64_t word) { return word % one_unload == 0; }

  // As dlclose() does and returns.
  static int close(void* handle);
  // dlclose() itself, for handles that were opened here to look at what is loaded.
  static int close_unseen(void* handle);

 private:
  // Below: calls of dlclose() that have not returned; above: how many have unloaded something.
  static constexpr std::uint64_t one_unload = std::uint64_t{1} << 16U;
  static std::atomic<std::uint64_t> present;
};

}  // namespace blastune
