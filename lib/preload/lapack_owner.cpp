// SPDX-License-Identifier: BSD-3-Clause
#include "preload/lapack_owner.h"

#include <link.h>

#include <string_view>

#include "client/symbol_table.h"
#include "preload/blas_objects.h"
#include "preload/real_function.h"

namespace blastune {
namespace {

// Of OpenBLAS alone, exported by it for its LAPACK.
constexpr const char* internal_function = "dgetrf_single";

struct Search {
  const void* function = nullptr;
  bool is_openblas_lapack = false;
};

}  // namespace

const void* openblas_behind(const void* lapack_function) noexcept {
  Search search{lapack_function};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        auto& running = *static_cast<Search*>(result);
        if (!holds(*info, running.function)) return 0;
        const auto is_internal = [](std::string_view name) { return name == internal_function; };
        running.is_openblas_lapack = SymbolTable(*info).any_import(is_internal);
        return 1;
      },
      &search);
  return search.is_openblas_lapack ? find_in_dependencies(lapack_function, internal_function) : nullptr;
}

}  // namespace blastune
