// SPDX-License-Identifier: BSD-3-Clause
//
// Replaces a file in one step: whoever reads it, at any moment and after any crash, sees the old bytes or
// the new ones. Two writers at once do not harm the file, but one of them loses its work: see file_lock.h.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "base/file_system.h"
#include "base/result.h"

namespace blastune {

struct ReplaceOptions {
  mode_t mode = 0644;
  // Missing directories above the file that are made with mode 0755, from the nearest upwards: enough for
  // ~/.cache/blastune, too few to build a tree out of a mistyped path.
  int missing_directories = 2;
};

// On failure the old file is as it was, the temporary is gone as far as that was possible, and the remedy
// fits the cause (full, read-only, not permitted). A path that names anything but a regular file, such as a
// device, is refused.
Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view bytes,
                          const ReplaceOptions& options = {});

// Removes what writers of that file left beside it when they died. replace_file does so for what is old; this
// one needs the writers to be kept apart (file_lock.h), and takes everything. Best effort.
void sweep_leftovers(FileSystem& files, const std::string& path);

// Makes what is missing of the directory that the path is in, within that bound. Nothing to do is success.
Result<void> ensure_directory_of(FileSystem& files, const std::string& path, int missing_directories = 2);

}  // namespace blastune
