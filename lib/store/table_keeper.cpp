// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_keeper.h"

#include <algorithm>
#include <utility>

#include "base/atomic_file.h"
#include "store/table_file.h"
#include "store/table_limits.h"

namespace blastune {

Result<TableKeeper> TableKeeper::open(FileSystem& files, std::string path, Damaged damaged) {
  auto lock = lock_tables(files, path);
  if (!lock) return lock.error();
  TableKeeper keeper(files, std::move(path), std::move(lock).value());
  sweep_leftovers(files, keeper.path_);
  auto tables = load_tables(files, keeper.path_);
  if (tables) {
    keeper.tables_ = std::move(tables).value();
  } else if (tables.error().kind == ErrorKind::invalid_data && damaged == Damaged::set_aside) {
    keeper.note_ =
        tables.error().what + "; starting over, the old file is kept as " + keeper.path_ + ".damaged";
    keeper.damaged_ = true;
  } else if (tables.error().kind != ErrorKind::not_found) {
    return tables.error();
  }
  return keeper;
}

Table TableKeeper::known(const MachineSignature& machine, const Build& build) const {
  if (const Table* table = find_table(tables_, machine, build)) return *table;
  Table fresh;
  fresh.machine = machine;
  fresh.build = build;
  return fresh;
}

// Who removes the directory takes the lock along, and the next writer has one of its own.
Result<void> TableKeeper::lock_again() {
  if (lock_.is_held()) return {};
  auto lock = lock_tables(*files_, path_);
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  if (auto tables = load_tables(*files_, path_)) {
    for (const auto& table : *tables) put_table(tables_, table);
  }
  return {};
}

Result<void> TableKeeper::keep(std::span<const Table> changed) {
  if (damaged_) {
    // Somebody may have removed it meanwhile.
    const auto moved = files_->rename(path_, path_ + ".damaged");
    if (!moved && moved.error().kind != ErrorKind::not_found) return moved;
    damaged_ = false;
  }
  if (auto locked = lock_again(); !locked) return locked;
  Tables all = tables_;
  for (const auto& table : changed) put_table(all, table);
  // A cache directory that many machines share fills up; the table nobody looked after for longest goes.
  while (all.size() > table_limits::tables) {
    all.erase(std::ranges::min_element(
        all, {}, [](const Table& table) { return std::max(table.measured_unix, table.checked_unix); }));
  }
  if (auto saved = save_tables(*files_, path_, all); !saved) return saved;
  tables_ = std::move(all);
  return {};
}

}  // namespace blastune
