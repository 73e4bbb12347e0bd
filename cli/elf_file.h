// SPDX-License-Identifier: BSD-3-Clause
//
// An ELF file, read piece by piece: nothing in it is believed before it is checked against the file's size
// and a bound. Of those with 64 bits and this machine's order of bytes everything can be asked, of others
// what they are.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace blastune {

class ElfFile {
 public:
  // Nothing where it cannot be read or is no ELF file at all.
  static std::optional<ElfFile> open(const std::string& path);

  [[nodiscard]] int elf_class() const { return ident_[EI_CLASS]; }
  [[nodiscard]] int byte_order() const { return ident_[EI_DATA]; }
  [[nodiscard]] int machine() const;
  // With 64 bits, in this machine's order of bytes. Else nothing below finds anything.
  [[nodiscard]] bool is_readable() const;
  // PT_INTERP; empty when there is none.
  [[nodiscard]] std::string loader() const;
  // Whether wanted(name) says so of one of the functions and variables that it defines, as far as it was not
  // stripped of their names.
  [[nodiscard]] bool any_definition(const std::function<bool(std::string_view)>& wanted) const;
  // The first bytes behind that text, anywhere in the file; nothing when it is not there.
  [[nodiscard]] std::optional<std::string> text_behind(std::string_view text, std::size_t length) const;

 private:
  ElfFile() = default;
  [[nodiscard]] bool read_at(std::uint64_t offset, void* into, std::size_t bytes) const;
  template <class T>
  [[nodiscard]] std::vector<T> read_table(std::uint64_t offset, std::uint64_t count,
                                          std::uint64_t most) const {
    if (count > most) return {};
    std::vector<T> table(count);
    if (!read_at(offset, table.data(), count * sizeof(T))) table.clear();
    return table;
  }

  UniqueFd fd_;
  std::uint64_t size_ = 0;
  unsigned char ident_[EI_NIDENT] = {};
  Elf64_Ehdr header_ = {};
};

}  // namespace blastune
