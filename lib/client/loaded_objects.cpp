// SPDX-License-Identifier: BSD-3-Clause
#include "client/loaded_objects.h"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstring>
#include <new>

#include "client/symbol_table.h"

namespace blastune {
namespace {

std::string lower_case_hexadecimal(const unsigned char* bytes, std::size_t count) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += digits[bytes[i] / 16];
    text += digits[bytes[i] % 16];
  }
  return text;
}

std::string build_id_of(const dl_phdr_info& info) {
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info.dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    // The loader tells addresses as integers.
    const auto* notes = reinterpret_cast<const unsigned char*>(info.dlpi_addr + segment.p_vaddr);
    std::string id = build_id_of_notes(notes, segment.p_memsz, segment.p_align);
    if (!id.empty()) return id;
  }
  return {};
}

bool may_define_config(const dl_phdr_info& info) {
  const SymbolTable table(info);
  if (!table.readable()) return true;
  for (const char* prefix : openblas_prefixes) {
    for (const char* suffix : openblas_suffixes) {
      if (table.found(std::string(prefix) + "openblas_get_config" + suffix)) return true;
    }
  }
  return false;
}

}  // namespace

LoadCounters read_load_counters() {
  LoadCounters counters;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        *static_cast<LoadCounters*>(result) = {info->dlpi_adds, info->dlpi_subs};
        return 1;
      },
      &counters);
  return counters;
}

std::vector<LoadedObject> list_loaded_objects() {
  // The loader holds a lock and is written in C: nothing may be thrown through it.
  struct Found {
    std::vector<LoadedObject> objects;
    bool failed = false;
  } found;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* result) {
        auto& list = *static_cast<Found*>(result);
        try {
          list.objects.push_back({info->dlpi_name == nullptr ? "" : info->dlpi_name, info->dlpi_addr,
                                  build_id_of(*info), may_define_config(*info)});
        } catch (...) {
          list.failed = true;
          return 1;
        }
        return 0;
      },
      &found);
  // Half a list would pass for a whole one.
  if (found.failed) throw std::bad_alloc();
  return std::move(found.objects);
}

std::string build_id_of_notes(const unsigned char* notes, std::size_t size, std::size_t alignment) {
  if (alignment != 8) alignment = 4;
  const auto padded = [alignment](std::size_t bytes) { return (bytes + alignment - 1) & ~(alignment - 1); };
  for (std::size_t at = 0; at < size && size - at >= sizeof(ElfW(Nhdr));) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes + at, sizeof note);
    const std::size_t room = size - at - sizeof note;
    const std::size_t name_bytes = padded(note.n_namesz);
    if (name_bytes > room || note.n_descsz > room - name_bytes) return {};
    const unsigned char* name = notes + at + sizeof note;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0)
      return lower_case_hexadecimal(name + name_bytes, note.n_descsz);
    at += sizeof note + name_bytes + padded(note.n_descsz);
  }
  return {};
}

}  // namespace blastune
