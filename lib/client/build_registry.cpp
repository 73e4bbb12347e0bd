// SPDX-License-Identifier: BSD-3-Clause
#include "client/build_registry.h"

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <memory>

namespace blastune {
namespace {

// The object that holds an address.
link_map* object_at(const void* address) {
  Dl_info info{};
  link_map* map = nullptr;
  if (address == nullptr || ::dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0)
    return nullptr;
  return map;
}

struct CloseHandle {
  void operator()(void* handle) const { ::dlclose(handle); }
};

}  // namespace

void BuildRegistry::refresh(bool force) {
  const LoadCounters counters = read_load_counters();
  if (counters != counters_) look_at_new_objects(counters);
  if (!force && slots_.size() == slots_seen_) return;
  slots_seen_ = slots_.size();
  meant_ = find_meant();
}

void BuildRegistry::look_at_new_objects(const LoadCounters& counters) {
  std::vector<Known> others;
  for (const LoadedObject& object : list_loaded_objects()) {
    if (slots_.find(object.base)) continue;
    const bool known = std::any_of(others_.begin(), others_.end(), [&](const Known& other) {
      return other.base == object.base && other.path == object.path;
    });
    std::optional<OpenBlasObject> found;
    if (!known) found = recognise_openblas(object);
    if (found)
      slots_.add(std::move(*found));
    else
      others.push_back({object.path, object.base});
  }
  others_ = std::move(others);
  // As they were before: what another thread loaded meanwhile is looked at next time.
  counters_ = counters;
}

std::optional<std::size_t> BuildRegistry::behind(const void* symbol) const {
  link_map* map = object_at(symbol);
  if (map == nullptr) return std::nullopt;
  if (const auto slot = slots_.find(map->l_addr)) return slot;
  // Not an OpenBLAS itself. Its handle finds what it depends on, in the order of its dependencies; the
  // program's own handle finds what is global.
  const bool program = map->l_name == nullptr || *map->l_name == '\0';
  const std::unique_ptr<void, CloseHandle> handle(
      ::dlopen(program ? nullptr : map->l_name, RTLD_LAZY | RTLD_NOLOAD));
  if (!handle) return std::nullopt;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const Build& build = slots_[i].object.build;
    const std::string name = build.prefix + "openblas_get_config" + build.suffix;
    const link_map* owner = object_at(::dlsym(handle.get(), name.c_str()));
    if (owner != nullptr && owner->l_addr == slots_[i].object.base) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> BuildRegistry::find_meant() const {
  if (slots_.size() == 1) return 0;
  if (slots_.size() == 0) return std::nullopt;
  for (const char* name : {"cblas_dgemm", "dgemm_"}) {
    if (const auto slot = behind(::dlsym(RTLD_DEFAULT, name))) return slot;
  }
  return std::nullopt;
}

}  // namespace blastune
