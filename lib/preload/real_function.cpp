// SPDX-License-Identifier: BSD-3-Clause
#include "preload/real_function.h"

#include <dlfcn.h>
#include <link.h>

#include <memory>
#include <new>

#include "client/loaded_objects.h"
#include "preload/unloading.h"

namespace blastune {
namespace {

struct CloseHandle {
  void operator()(void* handle) const { Unloading::close_unseen(handle); }
};
using Handle = std::unique_ptr<void, CloseHandle>;

// An object that is loaded already.
Handle open_loaded(const char* path) {
  return Handle(::dlopen(path, RTLD_LAZY | RTLD_NOLOAD));
}

link_map* object_at(const void* address) {
  Dl_info info{};
  link_map* map = nullptr;
  if (::dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0) return nullptr;
  return map;
}

bool is_the_program(const link_map& map) {
  return map.l_name == nullptr || *map.l_name == '\0';
}

bool is_ours(const void* function) {
  static constexpr char here = 0;
  const link_map* own = object_at(&here);
  return own != nullptr && object_at(function) == own;
}

void* symbol_of(void* handle, const char* symbol) {
  void* const found = ::dlsym(handle, symbol);
  return found != nullptr && !is_ours(found) ? found : nullptr;
}

void* anywhere(const char* symbol) try {
  for (const LoadedObject& object : list_loaded_objects()) {
    if (object.path.empty()) continue;
    const Handle handle = open_loaded(object.path.c_str());
    if (!handle) continue;
    if (void* found = symbol_of(handle.get(), symbol)) return found;
  }
  return nullptr;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void keep_loaded(const void* function) {
  const link_map* owner = object_at(function);
  if (owner == nullptr || is_the_program(*owner)) return;
  // Closing it again is not needed: it is marked, and not counted.
  const Handle marked(::dlopen(owner->l_name, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE));
}

}  // namespace

void* find_in_dependencies(const void* address, const char* symbol) noexcept {
  const link_map* object = object_at(address);
  // Those of the program itself are the global order, in which we come first.
  if (object == nullptr || is_the_program(*object)) return nullptr;
  const Handle handle = open_loaded(object->l_name);
  return handle ? symbol_of(handle.get(), symbol) : nullptr;
}

void* find_real_function(const char* symbol, const void* caller) noexcept {
  void* found = find_in_dependencies(caller, symbol);
  if (found == nullptr) found = ::dlsym(RTLD_NEXT, symbol);
  if (found == nullptr) found = anywhere(symbol);
  if (found != nullptr) keep_loaded(found);
  return found;
}

}  // namespace blastune
