// SPDX-License-Identifier: BSD-3-Clause
#include "cli/elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <climits>
#include <cstring>

namespace blastune {
namespace {

constexpr std::uint64_t max_segments = 1024;
constexpr std::uint64_t max_sections = 65536;
constexpr std::uint64_t max_symbols = std::uint64_t{8} << 20U;
constexpr std::uint64_t max_names = std::uint64_t{256} << 20U;
constexpr std::uint64_t max_searched = std::uint64_t{256} << 20U;

constexpr int own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

// From the zero-terminated text there; empty when it has no end.
std::string_view text_at(const std::vector<char>& names, std::uint64_t offset) {
  if (offset >= names.size()) return {};
  const char* const begin = names.data() + offset;
  const void* const end = std::memchr(begin, '\0', names.size() - offset);
  return end == nullptr
             ? std::string_view()
             : std::string_view(begin, static_cast<std::size_t>(static_cast<const char*>(end) - begin));
}

}  // namespace

std::optional<ElfFile> ElfFile::open(const std::string& path) {
  ElfFile file;
  file.fd_.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat status {};
  if (!file.fd_.valid() || ::fstat(file.fd_.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  file.size_ = static_cast<std::uint64_t>(status.st_size);
  // e_machine lies behind e_ident and e_type in files of every kind.
  constexpr std::size_t least = offsetof(Elf64_Ehdr, e_version);
  if (!file.read_at(0, &file.header_, least) || std::memcmp(file.header_.e_ident, ELFMAG, SELFMAG) != 0)
    return std::nullopt;
  std::memcpy(file.ident_, file.header_.e_ident, EI_NIDENT);
  if (file.is_readable() && !file.read_at(0, &file.header_, sizeof file.header_)) return std::nullopt;
  return file;
}

int ElfFile::machine() const {
  const auto given = static_cast<unsigned>(header_.e_machine);
  return static_cast<int>(byte_order() == own_order ? given : (given >> 8U | (given & 0xFFU) << 8U));
}

bool ElfFile::is_readable() const {
  return elf_class() == ELFCLASS64 && byte_order() == own_order;
}

bool ElfFile::read_at(std::uint64_t offset, void* into, std::size_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) return false;
  auto* to = static_cast<char*>(into);
  while (bytes > 0) {
    const ssize_t count = ::pread(fd_.get(), to, bytes, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    to += count;
    offset += static_cast<std::uint64_t>(count);
    bytes -= static_cast<std::size_t>(count);
  }
  return true;
}

std::string ElfFile::loader() const {
  if (!is_readable() || header_.e_phentsize != sizeof(Elf64_Phdr)) return {};
  for (const auto& segment : read_table<Elf64_Phdr>(header_.e_phoff, header_.e_phnum, max_segments)) {
    if (segment.p_type != PT_INTERP) continue;
    const auto text = read_table<char>(segment.p_offset, segment.p_filesz, PATH_MAX);
    return std::string(text_at(text, 0));
  }
  return {};
}

bool ElfFile::any_definition(const std::function<bool(std::string_view)>& wanted) const {
  if (!is_readable() || header_.e_shentsize != sizeof(Elf64_Shdr)) return false;
  const auto sections = read_table<Elf64_Shdr>(header_.e_shoff, header_.e_shnum, max_sections);
  for (const Elf64_Shdr& section : sections) {
    if ((section.sh_type != SHT_SYMTAB && section.sh_type != SHT_DYNSYM) ||
        section.sh_entsize != sizeof(Elf64_Sym) || section.sh_link >= sections.size())
      continue;
    const Elf64_Shdr& strings = sections[section.sh_link];
    const auto names = read_table<char>(strings.sh_offset, strings.sh_size, max_names);
    const auto symbols =
        read_table<Elf64_Sym>(section.sh_offset, section.sh_size / sizeof(Elf64_Sym), max_symbols);
    for (const Elf64_Sym& symbol : symbols) {
      if (symbol.st_shndx == SHN_UNDEF || symbol.st_shndx >= SHN_LORESERVE) continue;
      const std::string_view name = text_at(names, symbol.st_name);
      if (!name.empty() && wanted(name)) return true;
    }
  }
  return false;
}

std::optional<std::string> ElfFile::text_behind(std::string_view text, std::size_t length) const {
  constexpr std::size_t piece = std::size_t{1} << 20U;
  const std::size_t overlap = text.size() + length;
  std::string bytes;
  for (std::uint64_t at = 0; at < std::min(size_, max_searched); at += piece) {
    bytes.resize(static_cast<std::size_t>(std::min<std::uint64_t>(piece + overlap, size_ - at)));
    if (!read_at(at, bytes.data(), bytes.size())) return std::nullopt;
    const std::size_t found = bytes.find(text);
    if (found != bytes.npos && found < piece) return bytes.substr(found + text.size(), length);
  }
  return std::nullopt;
}

}  // namespace blastune
