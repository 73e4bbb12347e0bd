// SPDX-License-Identifier: BSD-3-Clause
//
// What can be told of a program from its file, before it runs: whether a library can be put before its own,
// and why not. Files are distrusted: what is read of them is bounded and checked.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace blastune {

// As <elf.h> numbers them.
struct ElfFacts {
  int elf_class = 0;
  int byte_order = 0;
  int machine = 0;
  // The loader that the program asks for; empty: none, it is linked statically. Known of programs of this
  // machine's own kind only.
  std::string loader;
};

struct ProgramFile {
  std::string path;
  std::optional<ElfFacts> elf;  // nothing: it is no ELF file
  std::string interpreter;      // of a script; what is run in its place
  mode_t mode = 0;
  uid_t owner = 0;
  gid_t group = 0;
  bool has_capabilities = false;
};

// Where a program of that name is, by the rules of execvp(): a name with a slash is a path.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name,
                                                      const std::string& search_path);

Result<ProgramFile> look_at_program(const std::string& path);

// That one, and for a script what interprets it, to the end: the last one is what runs. `env` stands for the
// program that it runs. What cannot be looked at ends the chain.
[[nodiscard]] std::vector<ProgramFile> program_chain(const std::string& path, const std::string& search_path);

// Who runs it.
struct Runner {
  uid_t user = 0;
  gid_t group = 0;
  ElfFacts own;  // of this very program, which the preload library is like
};
// Nothing that could be read of this program leaves `own` empty, and then only what is certain is told.
[[nodiscard]] Runner this_runner();

// Why no library can be put before its own; nothing: it can. Of the last of a chain. Pure.
[[nodiscard]] std::optional<Error> obstacle(const ProgramFile& program, const Runner& runner);

// Whether the program has a BLAS of its own inside: "OpenBLAS 0.3.21", "a BLAS", or nothing.
[[nodiscard]] std::optional<std::string> blas_inside(const std::string& path);

}  // namespace blastune
