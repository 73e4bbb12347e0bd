// SPDX-License-Identifier: BSD-3-Clause
//
// Which objects of this process define names of gemms, and which ask for one, from their tables in memory:
// nothing of them is called. Any thread; throws std::bad_alloc.
#pragma once

#include <link.h>

#include <string>
#include <vector>

namespace blastune {

struct BlasObject {
  std::string path;               // without symbolic links
  const void* address = nullptr;  // somewhere in it
  std::string prefix;             // around its names
  std::string suffix;
};

struct BlasUser {
  std::string path;
  const void* address = nullptr;
  std::string symbol;  // the first gemm that it asks for
};

struct BlasObjects {
  std::vector<BlasObject> definers;
  std::vector<BlasUser> users;
};

// Whether the address lies in one of the object's segments.
[[nodiscard]] bool holds(const dl_phdr_info& info, const void* address);

// Without this library itself.
[[nodiscard]] BlasObjects list_blas_objects();

// Of the object that holds an address; empty when there is none.
[[nodiscard]] std::string object_path(const void* address);
// Of the program, as the kernel knows it; empty when that does not tell.
[[nodiscard]] std::string program_path();

}  // namespace blastune
