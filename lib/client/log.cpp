// SPDX-License-Identifier: BSD-3-Clause
#include "client/log.h"

#include <unistd.h>

#include <string>

namespace blastune {

void log_line(std::string_view text) {
  std::string line = "blastune: ";
  line += text;
  line += '\n';
  // Nothing can be done about a closed stderr.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace blastune
