// SPDX-License-Identifier: BSD-3-Clause
//
// What the dynamic loader has mapped into this process. Any thread; allocates and throws
// std::bad_alloc, except for the counters.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace blastune {

// How often objects were loaded and unloaded since the process began.
struct LoadCounters {
  unsigned long long loaded = 0;
  unsigned long long unloaded = 0;

  bool operator==(const LoadCounters&) const = default;
};
[[nodiscard]] LoadCounters read_load_counters();

// What builds put around the names of their symbols.
inline constexpr std::array<const char*, 2> openblas_prefixes = {"", "scipy_"};
inline constexpr std::array<const char*, 3> openblas_suffixes = {"", "64_", "_64"};

struct LoadedObject {
  std::string path;         // as the loader knows it; empty for the program itself
  std::uintptr_t base = 0;  // what is added to the file's addresses
  std::string build_id;     // GNU build-id in lower-case hexadecimal; empty when there is none
  // Whether it may define openblas_get_config() under any name that builds give it: told without the lock
  // that a dlopen() in another thread holds while the library's constructors run.
  bool may_be_openblas = true;
};
[[nodiscard]] std::vector<LoadedObject> list_loaded_objects();

// The build-id among the notes of one PT_NOTE segment; empty when there is none, or the notes are damaged.
[[nodiscard]] std::string build_id_of_notes(const unsigned char* notes, std::size_t size,
                                            std::size_t alignment);

}  // namespace blastune
