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

  // Looks at what was loaded since it last looked; costs some nanoseconds when nothing was. Takes the dynamic
  // loader's lock only where an OpenBLAS has come or force is set: a constructor that runs under that lock
  // may be waiting for the thread that looks.
  void refresh(bool force);

  // The only one there is; of several, the one that the program's own cblas_dgemm or dgemm_ came from when
  // the last of them was found.
  [[nodiscard]] std::optional<std::size_t> meant() const { return meant_; }
  // The one that a BLAS function at that address belongs to, or leads to as libblas.so.3 does.
  [[nodiscard]] std::optional<std::size_t> behind(const void* symbol) const;

 private:
  struct Known {
    std::string path;
    std::uintptr_t base;
  };

  void look_at_new_objects(const LoadCounters& counters);
  [[nodiscard]] std::optional<std::size_t> find_meant() const;

  BuildSlots& slots_;
  std::size_t slots_seen_ = 0;
  std::optional<std::size_t> meant_;
  LoadCounters counters_;
  std::vector<Known> others_;  // objects that are no OpenBLAS; asking each of them again would be slow
};

}  // namespace blastune
