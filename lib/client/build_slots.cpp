// SPDX-License-Identifier: BSD-3-Clause
#include "client/build_slots.h"

#include <memory>

namespace blastune {

std::optional<std::size_t> BuildSlots::find(std::uintptr_t base) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if ((*this)[i].object.base == base) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> BuildSlots::add(OpenBlasObject found) {
  const std::size_t index = size();
  if (index == capacity) return std::nullopt;
  slots_[index].store(std::make_unique<BuildSlot>(std::move(found)).release(), std::memory_order_relaxed);
  count_.store(index + 1, std::memory_order_release);
  return index;
}

}  // namespace blastune
