// SPDX-License-Identifier: BSD-3-Clause
#include "client/openblas_object.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>

#include <memory>
#include <string_view>

#include "base/parse.h"

namespace blastune {
namespace {

// Up to here an OpenMP build makes its own count follow the calling thread's at every multiply, and its
// setter sets that too.
constexpr Version last_following_thread{0, 3, 21};

struct CloseHandle {
  void operator()(void* handle) const { ::dlclose(handle); }
};
using Handle = std::unique_ptr<void, CloseHandle>;

// dlsym gives an address whatever it is of; POSIX promises that it may be used as a function's.
template <class Function>
Function* as_function(void* address) {
  return reinterpret_cast<Function*>(address);
}

// A symbol that this very object defines. A handle also finds what the object depends on.
void* own_symbol(void* handle, std::uintptr_t base, const std::string& name) {
  void* address = ::dlsym(handle, name.c_str());
  Dl_info info{};
  link_map* map = nullptr;
  if (address == nullptr || ::dladdr1(address, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) == 0 ||
      map == nullptr)
    return nullptr;
  return map->l_addr == base ? address : nullptr;
}

// The OpenMP runtime that the object's own calls go to: what the whole program binds such a name to, else
// what the object brings along. Nothing where these are two: which one the object was bound to depends on the
// order of loading, and to set the other's count would change somebody else's threads.
void* runtime_symbol(void* handle, const char* name) {
  void* of_program = ::dlsym(RTLD_DEFAULT, name);
  void* of_object = ::dlsym(handle, name);
  if (of_program != nullptr && of_object != nullptr && of_program != of_object) return nullptr;
  return of_program != nullptr ? of_program : of_object;
}

std::string trimmed(const char* text) {
  constexpr std::string_view space = " \t\n";
  std::string_view view = text == nullptr ? std::string_view() : std::string_view(text);
  const auto start = view.find_first_not_of(space);
  if (start == std::string_view::npos) return {};
  return std::string(view.substr(start, view.find_last_not_of(space) - start + 1));
}

std::optional<Threading> threading_of(int parallel) {
  switch (parallel) {
    case 0:
      return Threading::serial;
    case 1:
      return Threading::pthread;
    case 2:
      return Threading::openmp;
    default:
      return std::nullopt;
  }
}

CountScope scope_of(const Build& build) {
  switch (count_setter(build)) {
    case CountSetter::none:
      return CountScope::fixed;
    case CountSetter::openmp:
      return CountScope::thread;
    case CountSetter::openblas:
      break;
  }
  if (build.threading != Threading::openmp) return CountScope::process;
  return build.version <= last_following_thread ? CountScope::thread : CountScope::process_exclusive;
}

CountFunctions functions_of(const Build& build, std::uintptr_t base, void* handle) {
  CountFunctions functions;
  functions.get =
      as_function<int()>(own_symbol(handle, base, build.prefix + "openblas_get_num_threads" + build.suffix));
  functions.set = as_function<void(int)>(
      own_symbol(handle, base, build.prefix + "openblas_set_num_threads" + build.suffix));
  functions.scope = scope_of(build);
  if (build.threading == Threading::openmp && functions.scope != CountScope::fixed) {
    functions.in_parallel = as_function<int()>(runtime_symbol(handle, "omp_in_parallel"));
    // A value from when the program started; needed only where threads are bound before they are seen.
    auto* binding = as_function<int()>(runtime_symbol(handle, "omp_get_proc_bind"));
    if (binding != nullptr && binding() != 0)
      functions.processors = as_function<int()>(runtime_symbol(handle, "omp_get_num_procs"));
    auto* get = as_function<int()>(runtime_symbol(handle, "omp_get_max_threads"));
    auto* set = as_function<void(int)>(runtime_symbol(handle, "omp_set_num_threads"));
    if (functions.in_parallel == nullptr || get == nullptr || set == nullptr) {
      functions.scope = CountScope::fixed;
    } else if (functions.scope == CountScope::thread) {
      functions.get = get;
      functions.set = set;
    }
  }
  if (functions.set == nullptr) functions.scope = CountScope::fixed;
  if (functions.scope == CountScope::process && functions.get != nullptr) {
    // openblas_get_num_threads() is a call and a check in front of this; it is believed when both agree.
    auto* count = static_cast<int*>(own_symbol(handle, base, "blas_cpu_number"));
    if (count != nullptr && *count == functions.get()) functions.count = count;
  }
  return functions;
}

// The count that `run` gave it: the variable of the user's name says so, and nobody has changed it since.
int start_count_of(const CountFunctions& functions) {
  if (functions.scope != CountScope::process) return 0;
  const char* given = ::secure_getenv("BLASTUNE_START_COUNT");
  const char* own = ::secure_getenv("OPENBLAS_NUM_THREADS");
  if (given == nullptr || own == nullptr || std::string_view(given) != own) return 0;
  const Result<std::int64_t> count = parse_integer(given, 1, 65535, "BLASTUNE_START_COUNT");
  return count && *count == functions.get() ? static_cast<int>(*count) : 0;
}

}  // namespace

std::optional<OpenBlasObject> recognise_openblas(const LoadedObject& object) {
  // Below the loader's lock is needed, and a constructor that runs under it may be waiting for this thread.
  if (!object.may_be_openblas) return std::nullopt;
  Handle handle(::dlopen(object.path.empty() ? nullptr : object.path.c_str(), RTLD_LAZY | RTLD_NOLOAD));
  if (!handle) {
    (void)::dlerror();
    return std::nullopt;
  }
  OpenBlasObject found;
  found.base = object.base;
  Build& build = found.build;
  void* get_config = nullptr;
  for (const char* prefix : openblas_prefixes) {
    for (const char* suffix : openblas_suffixes) {
      if (get_config != nullptr) break;
      build.prefix = prefix;
      build.suffix = suffix;
      get_config = own_symbol(handle.get(), object.base, build.prefix + "openblas_get_config" + build.suffix);
    }
  }
  const auto own = [&](const char* name) {
    return own_symbol(handle.get(), object.base, build.prefix + name + build.suffix);
  };
  void* get_parallel = get_config == nullptr ? nullptr : own("openblas_get_parallel");
  if (get_parallel == nullptr ||
      own_symbol(handle.get(), object.base, "flexiblas_current_backend") != nullptr)
    return std::nullopt;

  build.config = trimmed(as_function<const char*()>(get_config)());
  const std::optional<ConfigFacts> facts = parse_config(build.config);
  const std::optional<Threading> threading = threading_of(as_function<int()>(get_parallel)());
  if (!facts || !threading) return std::nullopt;
  build.version = facts->version;
  build.max_threads = facts->max_threads;
  build.integer_bits = !build.suffix.empty() || facts->use64bitint ? 64 : 32;
  build.threading = *threading;
  if (void* get_core_name = own("openblas_get_corename"))
    build.core_name = trimmed(as_function<const char*()>(get_core_name)());
  build.build_id = object.build_id;
  build.path = object.path;
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(object.path.c_str(), nullptr), &::free);
  if (resolved) build.path = resolved.get();

  found.functions = functions_of(build, object.base, handle.get());
  if (found.functions.get == nullptr) return std::nullopt;
  found.start_count = start_count_of(found.functions);
  (void)handle.release();
  return found;
}

}  // namespace blastune
