// SPDX-License-Identifier: BSD-3-Clause
#include "loaded_object.h"

#include <elf.h>
#include <link.h>
#include <stdlib.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

namespace blastune {
namespace {

struct Search {
  std::uintptr_t address = 0;
  std::optional<LoadedObject> found;
};

std::string hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * count);
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] >> 4U];
    text += digits[bytes[i] & 15U];
  }
  return text;
}

std::size_t padded(std::size_t size, std::size_t alignment) {
  return (size + alignment - 1) / alignment * alignment;
}

// The build-id among the notes of one segment; empty when there is none or the notes are damaged.
std::string build_id_in(const unsigned char* notes, std::size_t size, std::size_t alignment) {
  if (alignment != 8) alignment = 4;
  std::size_t at = 0;
  while (size - at >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes + at, sizeof header);
    const std::size_t name_at = at + sizeof header;
    const std::size_t value_at = name_at + padded(header.n_namesz, alignment);
    const std::size_t end = value_at + padded(header.n_descsz, alignment);
    if (value_at > size || end > padded(size, alignment) || header.n_descsz > size - value_at) return {};
    const bool gnu = header.n_namesz == 4 && std::memcmp(notes + name_at, "GNU", 4) == 0;
    if (gnu && header.n_type == NT_GNU_BUILD_ID) return hexadecimal(notes + value_at, header.n_descsz);
    if (end >= size) break;
    at = end;
  }
  return {};
}

int look_at(dl_phdr_info* info, std::size_t, void* argument) {
  auto& search = *static_cast<Search*>(argument);
  bool holds = false;
  std::string build_id;
  for (std::size_t i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    const std::uintptr_t start = info->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && search.address >= start && search.address - start < segment.p_memsz)
      holds = true;
    if (segment.p_type == PT_NOTE && build_id.empty()) {
      // The loader gives segments as integers; there is no pointer to start from.
      const auto* notes = reinterpret_cast<const unsigned char*>(start);
      build_id = build_id_in(notes, segment.p_memsz, segment.p_align);
    }
  }
  if (!holds) return 0;
  LoadedObject object;
  object.path = info->dlpi_name;
  const std::unique_ptr<char, decltype(&::free)> resolved(::realpath(info->dlpi_name, nullptr), &::free);
  if (resolved) object.path = resolved.get();
  object.build_id = std::move(build_id);
  search.found = std::move(object);
  return 1;
}

}  // namespace

std::optional<LoadedObject> loaded_object_at(const void* address) {
  Search search;
  search.address = reinterpret_cast<std::uintptr_t>(address);
  dl_iterate_phdr(&look_at, &search);
  return search.found;
}

}  // namespace blastune
