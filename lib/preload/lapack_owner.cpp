// SPDX-License-Identifier: BSD-3-Clause
#include "preload/lapack_owner.h"

#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "client/symbol_table.h"
#include "preload/unloading.h"

namespace blastune {
namespace {

// Of OpenBLAS alone, exported by it for its LAPACK.
constexpr const char* internal_function = "dgetrf_single";

struct Search {
  std::uintptr_t place = 0;
  bool is_openblas_lapack = false;
};

bool holds(const dl_phdr_info& info, std::uintptr_t place) {
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    const std::uintptr_t start = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && place >= start && place - start < segment.p_memsz) return true;
  }
  return false;
}

}  // namespace

const void* openblas_behind(const void* lapack_function) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(lapack_function)};
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        auto& running = *static_cast<Search*>(result);
        if (!holds(*info, running.place)) return 0;
        const auto is_internal = [](std::string_view name) { return name == internal_function; };
        running.is_openblas_lapack = SymbolTable(*info).any_import(is_internal);
        return 1;
      },
      &search);
  Dl_info owner{};
  link_map* map = nullptr;
  if (!search.is_openblas_lapack ||
      ::dladdr1(lapack_function, &owner, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 ||
      map == nullptr || map->l_name == nullptr || *map->l_name == '\0')
    return nullptr;
  const std::unique_ptr<void, void (*)(void*)> library(::dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD),
                                                       [](void* handle) { Unloading::close_unseen(handle); });
  return library ? ::dlsym(library.get(), internal_function) : nullptr;
}

}  // namespace blastune
