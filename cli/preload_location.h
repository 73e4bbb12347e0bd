// SPDX-License-Identifier: BSD-3-Clause
//
// Where libblastune-preload.so is, and how a program is given it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace blastune {

// The places for a program of that path, in order: an installed tree wherever it was put, a build tree, and
// where it was to be installed. Pure.
[[nodiscard]] std::vector<std::string> preload_places(const std::string& program);

// The first of those of this program that is a file. not_found names them all; usage: the dynamic loader
// could not be told of a path like that.
Result<std::string> find_preload();

// The path as LD_PRELOAD should have it: where the loader writes `$LIB` for a part of it, with that, so that
// a loader of another word size looks where such a library would be, and one of another C library finds
// nothing and goes on (musl's, which would load this one and fail). lib: what the loader puts in its place,
// or nothing. Pure.
[[nodiscard]] std::string preload_word(const std::string& path, const std::string& lib);

// What this program's loader puts in the place of `$LIB`, as "lib/x86_64-linux-gnu"; empty where that cannot
// be told.
[[nodiscard]] std::string loader_lib();

// LD_PRELOAD with the library behind what is there already, once. Pure.
[[nodiscard]] std::string add_preload(const std::string& present, const std::string& library);

}  // namespace blastune
