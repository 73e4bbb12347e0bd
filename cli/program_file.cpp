// SPDX-License-Identifier: BSD-3-Clause
#include "cli/program_file.h"

#include <elf.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "base/file_system.h"
#include "base/kernel_file.h"
#include "base/parse.h"
#include "cli/elf_file.h"

namespace blastune {
namespace {

// As the kernel follows them, and one for `env`.
constexpr std::size_t longest_chain = 6;
// What the kernel reads of a script's first line.
constexpr std::size_t first_line_bytes = 256;

std::string base_name(const std::string& path) {
  return path.substr(path.find_last_of('/') + 1);
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  while (!line.empty()) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == line.npos) break;
    line.remove_prefix(start);
    const std::size_t length = std::min(line.find_first_of(" \t"), line.size());
    words.emplace_back(line.substr(0, length));
    line.remove_prefix(length);
  }
  return words;
}

// The interpreter in a script's first line; for `env`, the name of what that runs.
std::string interpreter_of(const std::string& path) {
  const auto start = read_kernel_file(path, first_line_bytes);
  // Without such a line a shell runs it, as execvp() has it do.
  if (!start || !start->starts_with("#!")) return "/bin/sh";
  const std::vector<std::string> words = words_of(std::string_view(*start).substr(2, start->find('\n') - 2));
  if (words.empty()) return "/bin/sh";
  if (base_name(words.front()) != "env") return words.front();
  const auto named = std::find_if(words.begin() + 1, words.end(), [](const std::string& word) {
    return !word.starts_with('-') && word.find('=') == word.npos;
  });
  return named == words.end() ? words.front() : *named;
}

bool is_executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

std::string machine_name(const ElfFacts& elf) {
  const std::string bits = elf.elf_class == ELFCLASS32 ? "32-bit" : "64-bit";
  switch (elf.machine) {
    case EM_386:
      return bits + " x86";
    case EM_X86_64:
      return bits + " x86-64";
    case EM_ARM:
    case EM_AARCH64:
      return bits + " Arm";
    case EM_PPC:
    case EM_PPC64:
      return bits + " Power";
    case EM_RISCV:
      return bits + " RISC-V";
    case EM_S390:
      return bits + " s390";
    default:
      return bits + " (machine " + std::to_string(elf.machine) + ")";
  }
}

bool same_file(const std::string& a, const std::string& b) {
  std::error_code problem;
  return a == b || std::filesystem::equivalent(a, b, problem);
}

Error cannot(const ProgramFile& program, const std::string& why, const std::string& remedy) {
  return {ErrorKind::unavailable, in_quotes(program.path) + " " + why, remedy};
}

bool is_gemm(std::string_view name) {
  if (name.starts_with("scipy_")) name.remove_prefix(6);
  for (const std::string_view suffix : {"64_", "_64"}) {
    if (name.ends_with(suffix) && name.size() > suffix.size()) name.remove_suffix(suffix.size());
  }
  constexpr std::array<std::string_view, 4> gemms = {"cblas_dgemm", "cblas_sgemm", "dgemm_", "sgemm_"};
  return std::ranges::find(gemms, name) != gemms.end();
}

}  // namespace

std::optional<std::string> find_program(const std::string& name, const std::string& search_path) {
  if (name.empty()) return std::nullopt;
  if (name.find('/') != name.npos) return name;
  std::string_view rest = search_path;
  for (bool more = true; more;) {
    more = rest.find(':') != rest.npos;
    const std::string directory(take_until(rest, ':'));
    const std::string path = (directory.empty() ? "." : directory) + "/" + name;
    if (is_executable(path)) return path;
  }
  return std::nullopt;
}

Result<ProgramFile> look_at_program(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return system_error("cannot look at " + in_quotes(path), errno);
  if (!S_ISREG(status.st_mode))
    return Error{ErrorKind::unavailable, in_quotes(path) + " is no file that can be run", ""};
  ProgramFile program;
  program.path = path;
  program.mode = status.st_mode;
  program.owner = status.st_uid;
  program.group = status.st_gid;
  program.has_capabilities = ::getxattr(path.c_str(), "security.capability", nullptr, 0) > 0;
  if (const auto file = ElfFile::open(path))
    program.elf = ElfFacts{file->elf_class(), file->byte_order(), file->machine(), file->loader()};
  else
    program.interpreter = interpreter_of(path);
  return program;
}

std::vector<ProgramFile> program_chain(const std::string& path, const std::string& search_path) {
  std::vector<ProgramFile> chain;
  std::optional<std::string> next = path;
  while (next && chain.size() < longest_chain) {
    Result<ProgramFile> program = look_at_program(*next);
    if (!program) break;
    next = program->interpreter.empty() ? std::nullopt : find_program(program->interpreter, search_path);
    chain.push_back(std::move(*program));
  }
  return chain;
}

Runner this_runner() {
  Runner runner{::geteuid(), ::getegid(), {}};
  if (const auto file = ElfFile::open("/proc/self/exe"))
    runner.own = {file->elf_class(), file->byte_order(), file->machine(), file->loader()};
  return runner;
}

std::optional<Error> obstacle(const ProgramFile& program, const Runner& runner) {
  if (!program.elf) return std::nullopt;
  const ElfFacts& elf = *program.elf;
  const ElfFacts& own = runner.own;
  if (own.machine != 0 &&
      (elf.elf_class != own.elf_class || elf.byte_order != own.byte_order || elf.machine != own.machine)) {
    return cannot(
        program,
        "is a program for " + machine_name(elf) + ", and the preload library is for " + machine_name(own),
        "use the program's build for " + machine_name(own));
  }
  if (elf.loader.empty() && elf.elf_class == own.elf_class) {
    return cannot(program, "is linked statically, so no library can be put before its own",
                  "link it dynamically, or have it call libblastune-client");
  }
  if (elf.loader.find("/ld-musl") != elf.loader.npos) {
    return cannot(program,
                  "uses the C library musl (" + elf.loader + "), and the preload library needs glibc",
                  "use the program's build for glibc");
  }
  const bool sets_user = (program.mode & S_ISUID) != 0 && program.owner != runner.user;
  const bool sets_group =
      (program.mode & S_ISGID) != 0 && (program.mode & S_IXGRP) != 0 && program.group != runner.group;
  if (sets_user || sets_group || (program.has_capabilities && runner.user != 0)) {
    return cannot(program,
                  std::string("gets rights that you do not have (") +
                      (sets_user    ? "set-user-ID"
                       : sets_group ? "set-group-ID"
                                    : "file capabilities") +
                      "), so the dynamic loader refuses to put a library before its own",
                  "run it as the user whose rights it gets, or run a copy without them");
  }
  if (!own.loader.empty() && !same_file(elf.loader, own.loader)) {
    return cannot(program,
                  "asks for the dynamic loader " + elf.loader + " instead of " + own.loader +
                      ", with which the preload library may not work",
                  "use the program's build for this system's C library");
  }
  return std::nullopt;
}

std::optional<std::string> blas_inside(const std::string& path) {
  const auto file = ElfFile::open(path);
  if (!file) return std::nullopt;
  constexpr std::string_view name = "OpenBLAS ";
  constexpr std::size_t version_bytes = 12;
  if (const auto behind = file->text_behind(std::string(name) + "0.", version_bytes)) {
    const std::string version = "0." + behind->substr(0, behind->find_first_not_of("0123456789."));
    return std::string(name) + version;
  }
  // In every build's messages; put together here, so that this program does not hold it.
  if (file->text_behind(std::string(name) + ": ", 0)) return "an OpenBLAS";
  if (file->any_definition(is_gemm)) return "a BLAS";
  return std::nullopt;
}

}  // namespace blastune
