// SPDX-License-Identifier: BSD-3-Clause
//
// One OpenBLAS that this process has loaded: who it is, and the functions that read and set its count.
// Recognising one calls it, so it is done once an object, by one thread at a time: its configuration
// text is put together in a buffer of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/count_functions.h"
#include "client/loaded_objects.h"
#include "model/build.h"

namespace blastune {

struct OpenBlasObject {
  Build build;
  std::uintptr_t base = 0;
  CountFunctions functions;
  // The count that `blastune run` had it start with, within a quota; 0: it started as it does by itself. It
  // is nobody's wish, so the library may grow when the quota does.
  int start_count = 0;
};

// Nothing when the object is no OpenBLAS, only leads to one (libblas.so.3) or passes itself off as one
// (FlexiBLAS). A recognised object is kept loaded until the process ends, because its functions will be
// called at any time from now on; any other one is left as it was.
std::optional<OpenBlasObject> recognise_openblas(const LoadedObject& object);

}  // namespace blastune
