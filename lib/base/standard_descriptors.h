// SPDX-License-Identifier: BSD-3-Clause
//
// For programs, before anything else: whoever started them may have closed standard input, output or error.
#pragma once

namespace blastune {

// Opens /dev/null for each that is closed, so that no file that is opened later takes its place.
void fill_standard_descriptors();

}  // namespace blastune
