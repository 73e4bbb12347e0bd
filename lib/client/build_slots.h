// SPDX-License-Identifier: BSD-3-Clause
//
// Every OpenBLAS this process was found to have, each with its guard, its limits and its advice. Slots are
// only ever added, and live as long as the process: a thread may be inside one at any time. Reading: any
// thread, no lock. Adding: one thread at a time.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

#include "client/count_guard.h"
#include "client/openblas_object.h"
#include "client/report.h"
#include "client/snapshot.h"

namespace blastune {

struct BuildSlot {
  explicit BuildSlot(OpenBlasObject found) : object(std::move(found)), guard(object.functions) {}

  OpenBlasObject object;
  CountGuard guard;
  // Processors that its calls may use: affinity, quotas, BLASTUNE_MAX_THREADS. 0: the library is not to be
  // touched.
  std::atomic<int> capacity{0};
  SnapshotBox box;                               // the advice for it
  std::atomic<Reason> reason{Reason::no_table};  // why there is none, while there is none
};

class BuildSlots {
 public:
  static constexpr std::size_t capacity = 32;

  [[nodiscard]] std::size_t size() const { return count_.load(std::memory_order_acquire); }
  // Precondition: index < size().
  [[nodiscard]] BuildSlot& operator[](std::size_t index) const {
    return *slots_[index].load(std::memory_order_relaxed);
  }
  // Of the object that is loaded there.
  [[nodiscard]] std::optional<std::size_t> find(std::uintptr_t base) const;
  // Its index; nothing when all slots are taken.
  std::optional<std::size_t> add(OpenBlasObject found);

 private:
  std::array<std::atomic<BuildSlot*>, capacity> slots_{};
  std::atomic<std::size_t> count_{0};
};

}  // namespace blastune
