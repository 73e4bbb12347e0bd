// SPDX-License-Identifier: BSD-3-Clause
//
// Reading whole files with a bound on what they cost, and reading files whose writer matters: a table steers
// other people's programs, so it is taken only from someone who could steer them anyway. Any thread.
#pragma once

#include <cstddef>
#include <string>

#include "base/file_system.h"
#include "base/result.h"

namespace blastune {

// The bytes of a regular file; never more than max_bytes even when the file grows while it is read.
// Kinds of failure: not_found, unavailable, invalid_data when it is too large or no regular file.
Result<std::string> read_file(FileSystem& files, const std::string& path, std::size_t max_bytes);

// The same, of a file that nobody but its owner can write, owned by root, by the effective user or by the
// owner of the directory it is in. Anything else is unavailable, with the command that puts it right.
Result<std::string> read_trusted_file(FileSystem& files, const std::string& path, std::size_t max_bytes);

// The directory part of a path: "." when it has none.
[[nodiscard]] std::string directory_of(const std::string& path);

}  // namespace blastune
