// SPDX-License-Identifier: BSD-3-Clause
//
// What one loaded object defines and asks for, from its own tables in memory, without the loader: no lock, no
// allocation, no call into the object. Only what lies in its segments is read.
#pragma once

#include <elf.h>
#include <link.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace blastune {

// Valid as long as the info that the loader hands out.
class SymbolTable {
 public:
  explicit SymbolTable(const dl_phdr_info& info);

  // False also when it cannot be told: then found() means nothing.
  [[nodiscard]] bool readable() const;

  // Whether the object defines it. Precondition: readable().
  [[nodiscard]] bool found(const std::string& name) const {
    return hash_ == 0 ? found_among_all(name) : found_by_hash(name);
  }

  // visit(name) for each name that the object leaves to others and its code or data refers to, until it says
  // true; whether it did. A name may come twice.
  template <class Visit>
  bool any_import(const Visit& visit) const {
    return any_import(relocations_, relocation_bytes_, visit) || any_import(calls_, call_bytes_, visit);
  }

 private:
  [[nodiscard]] bool found_among_all(const std::string& name) const;
  [[nodiscard]] bool found_by_hash(const std::string& name) const;
  [[nodiscard]] bool defines(std::uintptr_t symbol, const std::string& name) const;

  template <class Visit>
  bool any_import(std::uintptr_t table, std::size_t bytes, const Visit& visit) const {
    if (table == 0 || symbols_ == 0 || strings_ == 0 || !contains(table, bytes)) return false;
    for (std::size_t done = 0; bytes - done >= sizeof(ElfW(Rela)); done += sizeof(ElfW(Rela))) {
      const std::string_view name = imported_name(at<ElfW(Rela)>(table + done).r_info);
      if (!name.empty() && visit(name)) return true;
    }
    return false;
  }
  // Of the symbol that a relocation refers to; empty when it has none, or the object defines it.
  [[nodiscard]] std::string_view imported_name(std::uint64_t relocation) const;

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
  [[nodiscard]] std::uintptr_t segment_end(std::uintptr_t address) const;
  [[nodiscard]] bool contains(std::uintptr_t address, std::size_t bytes) const {
    const std::uintptr_t end = segment_end(address);
    return end != 0 && end - address >= bytes;
  }

  void read_dynamic(const ElfW(Phdr) & segment);

  const dl_phdr_info& info_;
  std::uintptr_t hash_ = 0;      // DT_GNU_HASH
  std::uintptr_t old_hash_ = 0;  // DT_HASH
  std::uintptr_t symbols_ = 0;
  std::uintptr_t strings_ = 0;
  std::uintptr_t relocations_ = 0;  // DT_RELA
  std::uintptr_t calls_ = 0;        // DT_JMPREL, where its entries are as those of DT_RELA
  std::size_t relocation_bytes_ = 0;
  std::size_t call_bytes_ = 0;
};

}  // namespace blastune
