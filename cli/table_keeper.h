// SPDX-License-Identifier: BSD-3-Clause
//
// A table file that is being added to: locked against other writers from the first look until destroyed.
#pragma once

#include <string>
#include <utility>

#include "base/file_lock.h"
#include "cli/session.h"
#include "model/table.h"

namespace blastune {

class TableKeeper {
 public:
  enum class Damaged {
    set_aside,  // a file that is damaged or of another version is told of, and kept as PATH.damaged
    refuse,     // what the user named may not be a table at all
  };
  // Fails where the file cannot be locked or written beside, before anything was measured in vain.
  static Result<TableKeeper> open(const Session& session, std::string path, Damaged damaged);

  // What earlier tunes left for this machine and build; without curves when there is nothing.
  [[nodiscard]] Table known(const MachineSignature& machine, const Build& build) const;
  [[nodiscard]] const std::string& path() const { return path_; }

  // Replaces the table of that machine and build in the file. On failure the old file is intact.
  Result<void> keep(const Session& session, Table table);

 private:
  TableKeeper(std::string path, FileLock lock) : path_(std::move(path)), lock_(std::move(lock)) {}

  std::string path_;
  FileLock lock_;
  Tables tables_;
  bool damaged_ = false;
};

}  // namespace blastune
