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

// LD_PRELOAD with the library behind what is there already, once. Pure.
[[nodiscard]] std::string add_preload(const std::string& present, const std::string& library);

}  // namespace blastune
