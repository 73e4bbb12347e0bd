// SPDX-License-Identifier: BSD-3-Clause
//
// `blastune run --no-inherit`: the programs that this one starts are not given the library. Nothing else is
// done before the program itself begins.
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

namespace {

// The library's name in LD_PRELOAD, and the separator behind or before it, taken out in place.
void take_out(char* list, const char* name) {
  const size_t length = ::strlen(name);
  char* at = ::strstr(list, name);
  if (at == nullptr || (at != list && ::strchr(": ", at[-1]) == nullptr) ||
      ::strchr(": ", at[length]) == nullptr)
    return;
  char* from = at + length;
  if (*from != '\0') {
    ++from;
  } else if (at != list) {
    --at;
  }
  ::memmove(at, from, ::strlen(from) + 1);
}

[[gnu::constructor]] void forget_inheritance() {
  char* const list = ::getenv("LD_PRELOAD");
  Dl_info own{};
  static constexpr char here = 0;
  const char* const name = ::secure_getenv("BLASTUNE_NO_INHERIT");
  if (name == nullptr || list == nullptr || ::dladdr(&here, &own) == 0) return;
  take_out(list, own.dli_fname);
  // As whoever set both wrote it, which may be with `$LIB` in it.
  if (*name != '\0') take_out(list, name);
  if (*list == '\0') ::unsetenv("LD_PRELOAD");
  ::unsetenv("BLASTUNE_NO_INHERIT");
}

}  // namespace
