// SPDX-License-Identifier: BSD-3-Clause
#include "preload/blas_objects.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>
#include <new>
#include <string_view>

#include "client/loaded_objects.h"
#include "client/symbol_table.h"

namespace blastune {
namespace {

struct GemmName {
  std::string prefix;
  std::string suffix;
  std::string symbol;
};

std::vector<GemmName> gemm_names() {
  std::vector<GemmName> names;
  for (const char* prefix : openblas_prefixes) {
    for (const char* suffix : openblas_suffixes) {
      for (const char* letter : {"d", "s", "z", "c"}) {
        const std::string gemm = std::string(letter) + "gemm";
        names.push_back({prefix, suffix, std::string(prefix) + "cblas_" + gemm + suffix});
        names.push_back({prefix, suffix, std::string(prefix) + gemm + "_" + suffix});
      }
    }
  }
  return names;
}

const void* address_in(const dl_phdr_info& info) {
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    if (segment.p_type == PT_LOAD) return reinterpret_cast<const void*>(info.dlpi_addr + segment.p_vaddr);
  }
  return nullptr;
}

std::string without_links(const char* path) {
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(path, nullptr), &::free);
  return resolved ? resolved.get() : path;
}

struct Search {
  const std::vector<GemmName>& names;
  const std::string& program;
  BlasObjects found;
  bool failed = false;

  void look_at(const dl_phdr_info& info) {
    static constexpr char here = 0;
    if (holds(info, &here)) return;
    const SymbolTable table(info);
    const bool is_program = info.dlpi_name == nullptr || *info.dlpi_name == '\0';
    // Asked for only where it is told: it costs system calls.
    const auto path = [&] { return is_program ? program : without_links(info.dlpi_name); };
    if (table.readable()) {
      const auto defined =
          std::ranges::find_if(names, [&](const GemmName& name) { return table.found(name.symbol); });
      if (defined != names.end())
        found.definers.push_back({path(), address_in(info), defined->prefix, defined->suffix});
    }
    std::string symbol;
    const bool asks = table.any_import([&](std::string_view import) {
      if (import.find("gemm") == import.npos) return false;
      const auto asked = std::ranges::find(names, import, &GemmName::symbol);
      if (asked != names.end()) symbol = asked->symbol;
      return asked != names.end();
    });
    if (asks) found.users.push_back({path(), address_in(info), symbol});
  }
};

}  // namespace

bool holds(const dl_phdr_info& info, const void* address) {
  const auto place = reinterpret_cast<std::uintptr_t>(address);
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    const std::uintptr_t start = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && place >= start && place - start < segment.p_memsz) return true;
  }
  return false;
}

BlasObjects list_blas_objects() {
  const std::vector<GemmName> names = gemm_names();
  const std::string program = program_path();
  Search search{names, program, {}};
  // The loader holds a lock and is written in C: nothing may be thrown through it.
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        auto& running = *static_cast<Search*>(result);
        try {
          running.look_at(*info);
        } catch (...) {
          running.failed = true;
          return 1;
        }
        return 0;
      },
      &search);
  if (search.failed) throw std::bad_alloc();
  return std::move(search.found);
}

std::string object_path(const void* address) {
  Dl_info info{};
  link_map* map = nullptr;
  if (::dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 || map == nullptr)
    return {};
  return map->l_name == nullptr || *map->l_name == '\0' ? program_path() : without_links(map->l_name);
}

std::string program_path() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  return length <= 0 ? std::string() : std::string(path.data(), static_cast<std::size_t>(length));
}

}  // namespace blastune
