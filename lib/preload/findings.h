// SPDX-License-Identifier: BSD-3-Clause
//
// What this process loads and calls of BLAS, told to `blastune doctor` where BLASTUNE_FINDINGS names its
// file; nothing is done otherwise. A line (store/process_findings.h) is appended when the process begins, at
// the first call from each object, whenever the number of an object's calls has doubled, and at the end: so
// the file is nearly right in whatever way the process ends. No descriptor stays open.
#pragma once

#include <atomic>
#include <cstdint>

namespace blastune {

class Findings {
 public:
  // For calls of that symbol from the object at caller to the one that holds function. Lives as long as the
  // process. Null where nobody asked, or memory or room has run out.
  static std::atomic<std::uint64_t>* counter(const char* symbol, const void* caller,
                                             const void* function) noexcept;
  // Any thread; leaves errno as it was.
  static void count(std::atomic<std::uint64_t>& calls) noexcept {
    const std::uint64_t number = calls.fetch_add(1, std::memory_order_relaxed) + 1;
    if ((number & (number - 1)) == 0) tell(number == 1);
  }

 private:
  // look: also at what is loaded now.
  static void tell(bool look) noexcept;
};

}  // namespace blastune
