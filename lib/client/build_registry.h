// SPDX-License-Identifier: BSD-3-Clause
//
// Finds the OpenBLAS libraries of this process and tells which one the program means. One thread at a time.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "client/build_slots.h"
#include "client/loaded_objects.h"

namespace blastune {

class BuildRegistry {
 public:
  explicit BuildRegistry(BuildSlots& slots) : slots_(slots) {}

  // Looks at what was loaded since it last looked; costs some nanoseconds when nothing was.
  void refresh();

  // The only one there is; of several, the one that the program's own cblas_dgemm or dgemm_ comes from.
  [[nodiscard]] std::optional<std::size_t> meant() const;
  // The one that a BLAS function at that address belongs to, or leads to as libblas.so.3 does.
  [[nodiscard]] std::optional<std::size_t> behind(const void* symbol) const;

 private:
  struct Known {
    std::string path;
    std::uintptr_t base;
  };

  BuildSlots& slots_;
  LoadCounters counters_;
  std::vector<Known> others_;  // objects that are no OpenBLAS; asking each of them again would be slow
};

}  // namespace blastune
