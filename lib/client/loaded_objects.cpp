// SPDX-License-Identifier: BSD-3-Clause
#include "client/loaded_objects.h"

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstring>
#include <new>

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

// Whether an object defines a symbol, from its own tables; only what lies in its segments is read.
class SymbolTable {
 public:
  explicit SymbolTable(const dl_phdr_info& info) : info_(info) {
    for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
      if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) read_dynamic(info.dlpi_phdr[i]);
    }
  }

  // False also when it cannot be told: then found() means nothing.
  [[nodiscard]] bool readable() const {
    if (symbols_ == 0 || strings_ == 0) return false;
    if (hash_ == 0) return old_hash_ != 0 && contains(old_hash_, 2 * sizeof(Elf32_Word));
    return symbols_ != 0 && strings_ != 0 && contains(hash_, 4 * sizeof(Elf32_Word)) && word(1) != 0 &&
           buckets_end() <= info_end(hash_) && word(0) != 0 && word(2) != 0;
  }

  // Precondition: readable().
  [[nodiscard]] bool found(const std::string& name) const {
    return hash_ == 0 ? found_among_all(name) : found_by_hash(name);
  }

 private:
  // The old hash table (DT_HASH) begins with the numbers of its buckets and of all symbols.
  [[nodiscard]] bool found_among_all(const std::string& name) const {
    const auto symbols = at<Elf32_Word>(old_hash_ + sizeof(Elf32_Word));
    for (Elf32_Word index = 0; index < symbols; ++index) {
      const std::uintptr_t symbol = symbols_ + std::uintptr_t{index} * sizeof(ElfW(Sym));
      if (!contains(symbol, sizeof(ElfW(Sym)))) return true;
      if (defines(symbol, name)) return true;
    }
    return false;
  }

  [[nodiscard]] bool defines(std::uintptr_t symbol, const std::string& name) const {
    const auto entry = at<ElfW(Sym)>(symbol);
    const std::uintptr_t text = strings_ + entry.st_name;
    return entry.st_shndx != SHN_UNDEF && contains(text, name.size() + 1) &&
           std::memcmp(reinterpret_cast<const void*>(text), name.c_str(), name.size() + 1) == 0;
  }

  [[nodiscard]] bool found_by_hash(const std::string& name) const {
    std::uint32_t hash = 5381;
    for (const char c : name) hash = hash * 33U + static_cast<unsigned char>(c);
    const std::uintptr_t buckets = buckets_end() - std::uintptr_t{word(0)} * sizeof(Elf32_Word);
    std::uint32_t index = at<Elf32_Word>(buckets + std::uintptr_t{hash % word(0)} * sizeof(Elf32_Word));
    if (index < word(1)) return false;
    for (;; ++index) {
      const std::uintptr_t link = buckets_end() + std::uintptr_t{index - word(1)} * sizeof(Elf32_Word);
      const std::uintptr_t symbol = symbols_ + std::uintptr_t{index} * sizeof(ElfW(Sym));
      if (!contains(link, sizeof(Elf32_Word)) || !contains(symbol, sizeof(ElfW(Sym)))) return true;
      const auto chained = at<Elf32_Word>(link);
      if ((chained | 1U) == (hash | 1U) && defines(symbol, name)) return true;
      if ((chained & 1U) != 0) return false;
    }
  }

  template <class T>
  [[nodiscard]] static T at(std::uintptr_t address) {
    T value;
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
  }
  // Of DT_GNU_HASH: buckets, first symbol that is in it, words of the filter, its shift.
  [[nodiscard]] Elf32_Word word(std::size_t index) const {
    return at<Elf32_Word>(hash_ + index * sizeof(Elf32_Word));
  }
  [[nodiscard]] std::uintptr_t buckets_end() const {
    return hash_ + 4 * sizeof(Elf32_Word) + std::uintptr_t{word(2)} * sizeof(ElfW(Addr)) +
           std::uintptr_t{word(0)} * sizeof(Elf32_Word);
  }

  // The end of the readable segment around an address; 0 when it is in none.
  [[nodiscard]] std::uintptr_t info_end(std::uintptr_t address) const {
    for (std::size_t i = 0; i < info_.dlpi_phnum; ++i) {
      const ElfW(Phdr)& segment = info_.dlpi_phdr[i];
      const std::uintptr_t start = info_.dlpi_addr + segment.p_vaddr;
      if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 && address >= start &&
          address - start < segment.p_memsz)
        return start + segment.p_memsz;
    }
    return 0;
  }
  [[nodiscard]] bool contains(std::uintptr_t address, std::size_t bytes) const {
    const std::uintptr_t end = info_end(address);
    return end != 0 && end - address >= bytes;
  }

  void read_dynamic(const ElfW(Phdr) & segment) {
    const std::uintptr_t start = info_.dlpi_addr + segment.p_vaddr;
    for (std::size_t i = 0; i < segment.p_memsz / sizeof(ElfW(Dyn)); ++i) {
      const auto entry = at<ElfW(Dyn)>(start + i * sizeof(ElfW(Dyn)));
      if (entry.d_tag == DT_NULL) return;
      // The loader makes these addresses absolute on some architectures, and leaves them on others.
      const std::uintptr_t given = entry.d_un.d_ptr;
      const std::uintptr_t address = given < info_.dlpi_addr ? given + info_.dlpi_addr : given;
      if (entry.d_tag == DT_GNU_HASH) hash_ = address;
      if (entry.d_tag == DT_HASH) old_hash_ = address;
      if (entry.d_tag == DT_SYMTAB) symbols_ = address;
      if (entry.d_tag == DT_STRTAB) strings_ = address;
    }
  }

  const dl_phdr_info& info_;
  std::uintptr_t hash_ = 0;      // DT_GNU_HASH
  std::uintptr_t old_hash_ = 0;  // DT_HASH
  std::uintptr_t symbols_ = 0;
  std::uintptr_t strings_ = 0;
};

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
