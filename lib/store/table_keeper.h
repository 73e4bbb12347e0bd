// SPDX-License-Identifier: BSD-3-Clause
//
// A table file that is being added to: locked against other writers from the first look until destroyed.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "base/file_lock.h"
#include "base/file_system.h"
#include "base/result.h"
#include "model/table.h"

namespace blastune {

class TableKeeper {
 public:
  enum class Damaged {
    set_aside,  // a file that is damaged or of another version is told of, and kept as PATH.damaged
    refuse,     // what the user named may not be a table at all
  };
  // Fails where the file cannot be locked or written beside, before anything was measured in vain. Removes
  // what writers that died left beside the file. The file system must outlive the keeper.
  static Result<TableKeeper> open(FileSystem& files, std::string path, Damaged damaged);

  // What a person should know of the file as it was found; empty where all is well.
  [[nodiscard]] const std::string& note() const { return note_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  // What the file holds, of whatever machine and build.
  [[nodiscard]] const Tables& tables() const { return tables_; }
  // What earlier tunes left for this machine and build; without curves when there is nothing.
  [[nodiscard]] Table known(const MachineSignature& machine, const Build& build) const;

  // Replaces the tables of those machines and builds in the file, all in one step. On failure the old file
  // is intact.
  Result<void> keep(std::span<const Table> changed);
  Result<void> keep(const Table& changed) { return keep(std::span(&changed, 1)); }

 private:
  TableKeeper(FileSystem& files, std::string path, FileLock lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}
  Result<void> lock_again();

  FileSystem* files_;
  std::string path_;
  FileLock lock_;
  Tables tables_;
  std::string note_;
  bool damaged_ = false;
};

}  // namespace blastune
