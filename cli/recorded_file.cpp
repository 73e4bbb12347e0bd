// SPDX-License-Identifier: BSD-3-Clause
#include "cli/recorded_file.h"

#include <filesystem>

#include "base/parse.h"
#include "cli/answering.h"
#include "store/csv.h"

namespace blastune {

Result<Recording> read_recording(const Session& session, const std::string& file) {
  const auto measurements = read_measurements(session.files, file);
  if (!measurements) return measurements.error();
  if (measurements->empty()) {
    return Error{ErrorKind::invalid_data, file + " holds no call",
                 "recorded measurements have a header and rows of dtype,m,n,k,threads,seconds"};
  }
  return Recording(*measurements);
}

std::string file_name_of(const std::string& path) {
  return printable(std::filesystem::path(path).filename().string());
}

Result<TableKeeper> open_output(const Session& session, const std::string& output) {
  auto keeper = output.empty()
                    ? TableKeeper::open(session.files, own_table_path(), TableKeeper::Damaged::set_aside)
                    : TableKeeper::open(session.files, output, TableKeeper::Damaged::refuse);
  if (keeper && !keeper->note().empty()) session.note(keeper->note());
  return keeper;
}

void note_other_tables(const Session& session, const TableKeeper& keeper) {
  for (const auto& table : keeper.tables()) {
    if (table.build.core_name == "recorded") continue;
    session.note(keeper.path() + " also holds tables of " + describe(table.machine) +
                 "; where that is this machine, it answers from those: better give the recorded one a file "
                 "of its own");
    return;
  }
}

}  // namespace blastune
