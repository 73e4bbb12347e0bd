// SPDX-License-Identifier: BSD-3-Clause
//
// Where the configuration is when --config does not say.
#pragma once

#include <string>

#include "base/file_system.h"

namespace blastune {

// Of a program in PREFIX/bin or PREFIX/sbin with a PREFIX/etc/blastune/blastune.json: that directory, so that
// an installation in a prefix of its own keeps to itself, wherever it is moved. Else /etc/blastune.
[[nodiscard]] std::string config_directory_of(const std::string& program, FileSystem& files);

// The path of the running program; empty when the kernel does not tell.
[[nodiscard]] std::string running_program();

}  // namespace blastune
