// SPDX-License-Identifier: BSD-3-Clause
#include "cli/program_file.h"

#include <elf.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cstring>
#include <string>
#include <vector>

#include "cli/elf_file.h"
#include "tests/base/temporary_directory.h"

namespace blastune {
namespace {

constexpr unsigned char own_order = std::endian::native == std::endian::little ? ELFDATA2LSB : ELFDATA2MSB;

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

template <class Header>
Header header_of(unsigned char elf_class, unsigned machine) {
  Header header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = elf_class;
  header.e_ident[EI_DATA] = own_order;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = static_cast<Elf64_Half>(machine);
  return header;
}

// A program that asks for a loader, in the simplest file that says so.
std::string program_with_loader(const std::string& loader, unsigned machine = EM_X86_64) {
  auto header = header_of<Elf64_Ehdr>(ELFCLASS64, machine);
  header.e_phoff = sizeof header;
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr segment{};
  segment.p_type = PT_INTERP;
  segment.p_offset = sizeof header + sizeof segment;
  segment.p_filesz = loader.size() + 1;
  return bytes_of(header) + bytes_of(segment) + loader + '\0';
}

// With the symbols of that name: one defined, one not.
std::string program_with_symbols(const std::string& defined, const std::string& wanted) {
  auto header = header_of<Elf64_Ehdr>(ELFCLASS64, EM_X86_64);
  const std::string names = std::string("\0", 1) + defined + '\0' + wanted + '\0';
  Elf64_Sym symbols[3] = {};
  symbols[1].st_name = 1;
  symbols[1].st_shndx = 1;
  symbols[2].st_name = static_cast<Elf64_Word>(defined.size() + 2);
  symbols[2].st_shndx = SHN_UNDEF;
  Elf64_Shdr sections[2] = {};
  sections[0].sh_type = SHT_STRTAB;
  sections[0].sh_offset = sizeof header + sizeof sections;
  sections[0].sh_size = names.size();
  sections[1].sh_type = SHT_SYMTAB;
  sections[1].sh_offset = sections[0].sh_offset + names.size();
  sections[1].sh_size = sizeof symbols;
  sections[1].sh_entsize = sizeof(Elf64_Sym);
  header.e_shoff = sizeof header;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 2;
  return bytes_of(header) + bytes_of(sections) + names + bytes_of(symbols);
}

class ProgramFiles : public ::testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& bytes, mode_t mode = 0755) {
    const std::string path = directory_.write(name, bytes);
    EXPECT_EQ(::chmod(path.c_str(), mode), 0);
    return path;
  }
  // What stands in the way of a program that is this one's like in everything else.
  static std::string obstacle_text(const ProgramFile& program, uid_t user = 1000) {
    const Runner runner{user, 1000, {ELFCLASS64, own_order, EM_X86_64, "/lib64/ld-linux-x86-64.so.2"}};
    const auto found = obstacle(program, runner);
    EXPECT_TRUE(!found || !found->remedy.empty());
    return found ? found->what : "";
  }
  std::string obstacle_of(const std::string& bytes) {
    const auto program = look_at_program(write("program", bytes));
    EXPECT_TRUE(program.ok());
    return obstacle_text(*program);
  }
  static ProgramFile usual_program() {
    ProgramFile program;
    program.path = "/usr/bin/program";
    program.elf = ElfFacts{ELFCLASS64, own_order, EM_X86_64, "/lib64/ld-linux-x86-64.so.2"};
    program.mode = 0755;
    return program;
  }
  static bool says(const std::string& text, const std::string& part) { return text.find(part) != text.npos; }

  TemporaryDirectory directory_;
};

TEST_F(ProgramFiles, AProgramLikeThisOneHasNoObstacle) {
  EXPECT_EQ(obstacle_of(program_with_loader("/lib64/ld-linux-x86-64.so.2")), "");
  // This very program is one.
  const auto own = look_at_program("/proc/self/exe");
  ASSERT_TRUE(own.ok());
  EXPECT_FALSE(own->elf->loader.empty());
  EXPECT_FALSE(obstacle(*own, this_runner()));
}

TEST_F(ProgramFiles, OtherMachinesLoadersAndNone) {
  EXPECT_TRUE(says(obstacle_of(bytes_of(header_of<Elf32_Ehdr>(ELFCLASS32, EM_386))), "32-bit x86"));
  EXPECT_TRUE(says(obstacle_of(program_with_loader("/lib/ld-linux-aarch64.so.1", EM_AARCH64)), "64-bit Arm"));
  auto swapped = header_of<Elf64_Ehdr>(ELFCLASS64, 0x1500);  // EM_PPC64 in the other order
  swapped.e_ident[EI_DATA] = own_order == ELFDATA2LSB ? ELFDATA2MSB : ELFDATA2LSB;
  EXPECT_TRUE(says(obstacle_of(bytes_of(swapped)), "64-bit Power"));
  EXPECT_TRUE(says(obstacle_of(program_with_loader("/lib/ld-musl-x86_64.so.1")), "musl"));
  EXPECT_TRUE(says(obstacle_of(program_with_loader("/nix/store/x/ld-linux-x86-64.so.2")), "/nix/store/x"));
  EXPECT_TRUE(says(obstacle_of(bytes_of(header_of<Elf64_Ehdr>(ELFCLASS64, EM_X86_64))), "statically"));
}

TEST_F(ProgramFiles, DamagedHeadersAreReadAsFarAsTheyGo) {
  const std::string good = program_with_loader("/lib64/ld-linux-x86-64.so.2");
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto program = look_at_program(write("cut", good.substr(0, length)));
    ASSERT_TRUE(program.ok()) << length;
    EXPECT_EQ(program->elf.has_value(), length >= sizeof(Elf64_Ehdr)) << length;
    if (program->elf) {
      EXPECT_EQ(program->elf->loader, "") << length;
    }
  }
  const auto with = [&](std::size_t offset, unsigned char byte) {
    std::string changed = good;
    for (std::size_t i = 0; i < 8; ++i) changed[offset + i] = static_cast<char>(byte);
    const auto file = ElfFile::open(write("changed", changed));
    return file ? file->loader() : "none";
  };
  EXPECT_EQ(with(offsetof(Elf64_Ehdr, e_phoff), 0xFF), "");
  EXPECT_EQ(with(sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_offset), 0xFF), "");
  EXPECT_EQ(with(sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 0xFF), "");
  EXPECT_EQ(with(sizeof(Elf64_Ehdr) + offsetof(Elf64_Phdr, p_filesz), 0x7F), "");
}

TEST_F(ProgramFiles, ProgramsThatGetOtherRights) {
  EXPECT_EQ(obstacle_text(usual_program()), "");
  ProgramFile program = usual_program();
  program.mode |= S_ISUID;
  EXPECT_TRUE(says(obstacle_text(program), "set-user-ID"));
  // Whose rights it gets anyway.
  EXPECT_EQ(obstacle_text(program, 0), "");
  program = usual_program();
  program.mode |= S_ISGID;
  EXPECT_TRUE(says(obstacle_text(program), "set-group-ID"));
  program.mode &= ~static_cast<mode_t>(S_IXGRP);
  EXPECT_EQ(obstacle_text(program), "");
  program = usual_program();
  program.has_capabilities = true;
  EXPECT_TRUE(says(obstacle_text(program), "file capabilities"));
  EXPECT_EQ(obstacle_text(program, 0), "");
  const auto looked_at = look_at_program(write("setuid", program_with_loader("/l"), 04755));
  ASSERT_TRUE(looked_at.ok());
  EXPECT_NE(looked_at->mode & S_ISUID, 0U);
  EXPECT_EQ(looked_at->owner, ::geteuid());
  EXPECT_FALSE(looked_at->has_capabilities);
}

TEST_F(ProgramFiles, ScriptsAreFollowedToWhatRunsThem) {
  const std::string end = write("end", program_with_loader("/l"));
  const auto last = [&](const std::string& bytes) {
    const auto chain = program_chain(write("script", bytes), directory_.path());
    return chain.empty() ? "" : chain.back().path;
  };
  EXPECT_EQ(last("#!" + end + "\n"), end);
  EXPECT_EQ(last("#! " + end + " -x\necho\n"), end);
  EXPECT_EQ(last("#!/usr/bin/env end\n"), end);
  EXPECT_EQ(last("#!/usr/bin/env -S A=1 end -u\n"), end);
  EXPECT_EQ(last("#!" + write("second", "#!" + end + "\n") + "\n"), end);
  EXPECT_EQ(last("echo\n"), "/bin/sh");
  EXPECT_EQ(last(""), "/bin/sh");
  EXPECT_EQ(last("#!\n"), "/bin/sh");
  // One that runs itself, and one whose interpreter is gone.
  EXPECT_EQ(last("#!" + directory_.path("script") + "\n"), directory_.path("script"));
  EXPECT_EQ(last("#!/nowhere\n"), directory_.path("script"));
  EXPECT_TRUE(program_chain("/nowhere", "").empty());
  EXPECT_FALSE(look_at_program("/nowhere").ok());
  EXPECT_FALSE(look_at_program(directory_.path()).ok());
}

TEST_F(ProgramFiles, AreSearchedForAsTheShellDoes) {
  const std::string program = write("program", "");
  write("data", "", 0644);
  const std::string search = "/nowhere:" + directory_.path();
  EXPECT_EQ(find_program("program", search), program);
  EXPECT_EQ(find_program("data", search), std::nullopt);
  EXPECT_EQ(find_program("none", search), std::nullopt);
  EXPECT_EQ(find_program("", search), std::nullopt);
  EXPECT_EQ(find_program("./any", search), "./any");
}

TEST_F(ProgramFiles, ABlasInside) {
  EXPECT_EQ(blas_inside(write("own", program_with_symbols("cblas_dgemm", "x"))), "a BLAS");
  EXPECT_EQ(blas_inside(write("scipy", program_with_symbols("scipy_dgemm_64_", "x"))), "a BLAS");
  EXPECT_EQ(blas_inside(write("other", program_with_symbols("main", "cblas_dgemm"))), std::nullopt);
  EXPECT_EQ(blas_inside(write("text", program_with_loader("/l") + "OpenBLAS 0.3.21 NO_AFFINITY")),
            "OpenBLAS 0.3.21");
  EXPECT_EQ(blas_inside(write("stripped", program_with_loader("/l") + "OpenBLAS : munmap failed")),
            "an OpenBLAS");
  EXPECT_EQ(blas_inside(write("script", "#!/bin/sh\nOpenBLAS 0.3.21 \n")), std::nullopt);
  EXPECT_EQ(blas_inside("/nowhere"), std::nullopt);
  // Where a piece that is read ends, too.
  const std::string far(std::size_t{1} << 20U, ' ');
  const std::string start = program_with_loader("/l");
  for (std::size_t back = 0; back < 30; ++back) {
    const std::string bytes = start + far.substr(start.size() + back) + "OpenBLAS 0.3.21 x" + far;
    EXPECT_EQ(blas_inside(write("far", bytes)), "OpenBLAS 0.3.21") << back;
  }
  const std::string good = program_with_symbols("cblas_dgemm", "x");
  for (std::size_t length = 0; length < good.size(); ++length) {
    const std::string cut = good.substr(0, length);
    EXPECT_EQ(blas_inside(write("cut", cut)), std::nullopt) << length;
  }
}

}  // namespace
}  // namespace blastune
