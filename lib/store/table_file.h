// SPDX-License-Identifier: BSD-3-Clause
//
// Tables in files: trusted reading, atomic replacement, and the lock that keeps two writers apart.
#pragma once

#include <span>
#include <string>

#include "base/file_lock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "model/table.h"

namespace blastune {

// Kinds of failure: not_found (no such file), invalid_data (damaged, or another format version),
// unavailable (not readable, or not to be trusted).
Result<Tables> load_tables(FileSystem& files, const std::string& path);

// Replaces the file and reads it back. On failure the old file is intact.
Result<void> save_tables(FileSystem& files, const std::string& path, const Tables& tables);

// To be held from before the old tables are read until the new ones are saved. Makes the directory if needed.
Result<FileLock> lock_tables(FileSystem& files, const std::string& path);

struct StoredTable {
  Table table;
  std::string path;
};

// The first table for that machine and build in the files given, in their order. A file that cannot be used
// does not hide the next one. Failure: that of the first unusable file, else foreign when there are only
// tables of others, else not_found.
Result<StoredTable> find_stored_table(FileSystem& files, std::span<const std::string> paths,
                                      const MachineSignature& machine, const Build& build);

}  // namespace blastune
