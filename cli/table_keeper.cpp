// SPDX-License-Identifier: BSD-3-Clause
#include "cli/table_keeper.h"

#include <algorithm>

#include "store/table_file.h"
#include "store/table_limits.h"

namespace blastune {

Result<TableKeeper> TableKeeper::open(const Session& session, std::string path, Damaged damaged) {
  auto lock = lock_tables(session.files, path);
  if (!lock) return lock.error();
  TableKeeper keeper(std::move(path), std::move(lock).value());
  auto tables = load_tables(session.files, keeper.path_);
  if (tables) {
    keeper.tables_ = std::move(tables).value();
  } else if (tables.error().kind == ErrorKind::invalid_data && damaged == Damaged::set_aside) {
    session.note(tables.error().what + "; starting over, the old file is kept as " + keeper.path_ +
                 ".damaged");
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

Result<void> TableKeeper::keep(const Session& session, Table table) {
  if (damaged_) {
    if (auto moved = session.files.rename(path_, path_ + ".damaged"); !moved) return moved;
    damaged_ = false;
  }
  Tables changed = tables_;
  put_table(changed, std::move(table));
  // A cache directory that many machines share fills up; the table nobody measured for longest goes.
  while (changed.size() > table_limits::tables) {
    changed.erase(std::ranges::min_element(changed, {}, &Table::measured_unix));
  }
  if (auto saved = save_tables(session.files, path_, changed); !saved) return saved;
  tables_ = std::move(changed);
  return {};
}

}  // namespace blastune
