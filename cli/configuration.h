// SPDX-License-Identifier: BSD-3-Clause
//
// The configuration as every verb reads it: what is wrong with it is an error, what it says that nobody
// knows is a note.
#pragma once

#include "base/result.h"
#include "cli/session.h"
#include "store/config.h"

namespace blastune {

Result<Config> read_config(const Session& session);

}  // namespace blastune
