// SPDX-License-Identifier: BSD-3-Clause
//
// What commands that work on recorded measurements share.
#pragma once

#include <string>

#include "cli/session.h"
#include "store/table_keeper.h"
#include "tuner/recording.h"

namespace blastune {

// Fails too where the file holds no call.
Result<Recording> read_recording(const Session& session, const std::string& file);

// The last part of the path, which is what a table says of where it came from.
[[nodiscard]] std::string file_name_of(const std::string& path);

// The file named with --output, which must be a table or not be there; else the user's own table file.
Result<TableKeeper> open_output(const Session& session, const std::string& output);

// That a file with tables of several machines is answered from for this one first.
void note_other_tables(const Session& session, const TableKeeper& keeper);

}  // namespace blastune
