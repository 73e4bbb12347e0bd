// SPDX-License-Identifier: BSD-3-Clause
#include "client/symbol_table.h"

namespace blastune {

SymbolTable::SymbolTable(const dl_phdr_info& info) : info_(info) {
  for (std::size_t i = 0; i < info.dlpi_phnum; ++i) {
    if (info.dlpi_phdr[i].p_type == PT_DYNAMIC) read_dynamic(info.dlpi_phdr[i]);
  }
}

bool SymbolTable::readable() const {
  if (symbols_ == 0 || strings_ == 0) return false;
  if (hash_ == 0) return old_hash_ != 0 && contains(old_hash_, 2 * sizeof(Elf32_Word));
  return contains(hash_, 4 * sizeof(Elf32_Word)) && word(1) != 0 && buckets_end() <= segment_end(hash_) &&
         word(0) != 0 && word(2) != 0;
}

// The old hash table (DT_HASH) begins with the numbers of its buckets and of all symbols.
bool SymbolTable::found_among_all(const std::string& name) const {
  const auto symbols = at<Elf32_Word>(old_hash_ + sizeof(Elf32_Word));
  for (Elf32_Word index = 0; index < symbols; ++index) {
    const std::uintptr_t symbol = symbols_ + std::uintptr_t{index} * sizeof(ElfW(Sym));
    if (!contains(symbol, sizeof(ElfW(Sym)))) return true;
    if (defines(symbol, name)) return true;
  }
  return false;
}

bool SymbolTable::found_by_hash(const std::string& name) const {
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

bool SymbolTable::defines(std::uintptr_t symbol, const std::string& name) const {
  const auto entry = at<ElfW(Sym)>(symbol);
  const std::uintptr_t text = strings_ + entry.st_name;
  return entry.st_shndx != SHN_UNDEF && contains(text, name.size() + 1) &&
         std::memcmp(reinterpret_cast<const void*>(text), name.c_str(), name.size() + 1) == 0;
}

std::string_view SymbolTable::imported_name(std::uint64_t relocation) const {
  constexpr unsigned type_bits = sizeof(ElfW(Addr)) == 8 ? 32 : 8;
  const std::uint64_t index = relocation >> type_bits;
  const std::uintptr_t symbol = symbols_ + index * sizeof(ElfW(Sym));
  if (index == 0 || !contains(symbol, sizeof(ElfW(Sym)))) return {};
  const auto entry = at<ElfW(Sym)>(symbol);
  const std::uintptr_t text = strings_ + entry.st_name;
  const std::uintptr_t end = segment_end(text);
  if (entry.st_shndx != SHN_UNDEF || end == 0) return {};
  const char* const begin = reinterpret_cast<const char*>(text);
  const std::size_t length = ::strnlen(begin, end - text);
  return length == end - text ? std::string_view() : std::string_view(begin, length);
}

std::uintptr_t SymbolTable::segment_end(std::uintptr_t address) const {
  for (std::size_t i = 0; i < info_.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = info_.dlpi_phdr[i];
    const std::uintptr_t start = info_.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && (segment.p_flags & PF_R) != 0 && address >= start &&
        address - start < segment.p_memsz)
      return start + segment.p_memsz;
  }
  return 0;
}

void SymbolTable::read_dynamic(const ElfW(Phdr) & segment) {
  const std::uintptr_t start = info_.dlpi_addr + segment.p_vaddr;
  bool calls_are_alike = true;
  for (std::size_t i = 0; i < segment.p_memsz / sizeof(ElfW(Dyn)); ++i) {
    const auto entry = at<ElfW(Dyn)>(start + i * sizeof(ElfW(Dyn)));
    if (entry.d_tag == DT_NULL) break;
    // The loader makes these addresses absolute on some architectures, and leaves them on others.
    const std::uintptr_t given = entry.d_un.d_ptr;
    const std::uintptr_t address = given < info_.dlpi_addr ? given + info_.dlpi_addr : given;
    if (entry.d_tag == DT_GNU_HASH) hash_ = address;
    if (entry.d_tag == DT_HASH) old_hash_ = address;
    if (entry.d_tag == DT_SYMTAB) symbols_ = address;
    if (entry.d_tag == DT_STRTAB) strings_ = address;
    if (entry.d_tag == DT_RELA) relocations_ = address;
    if (entry.d_tag == DT_JMPREL) calls_ = address;
    if (entry.d_tag == DT_RELASZ) relocation_bytes_ = entry.d_un.d_val;
    if (entry.d_tag == DT_PLTRELSZ) call_bytes_ = entry.d_un.d_val;
    if (entry.d_tag == DT_PLTREL) calls_are_alike = entry.d_un.d_val == DT_RELA;
  }
  if (!calls_are_alike) calls_ = 0;
}

}  // namespace blastune
