// SPDX-License-Identifier: BSD-3-Clause
//
// Tables out of recordings. Pure.
#pragma once

#include <string>

#include "model/table.h"
#include "tuner/recording.h"

namespace blastune {

// A table without curves for a machine of which only a recording is known: as many processors as the largest
// recorded count, which is the default count too; its name says where the recording came from. It is no
// machine's own table, and is answered from only when it is named.
// how: "replayed" or "imported", which a table says of itself.
[[nodiscard]] Table table_of_recorded_machine(const Recording& recording, const std::string& source,
                                              const std::string& how);

// Whether the table holds as many bursts of each gemm and count as it took calls of the recording.
[[nodiscard]] bool is_replayed(const Table& table);

// The recording's curves, each in the place of what the table knew of its gemm. Calls that follow each other
// are taken as bursts of three, whose medians count, so that single calls that were disturbed move nothing.
void put_recording(Table& table, const Recording& recording);

}  // namespace blastune
