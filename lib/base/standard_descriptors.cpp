// SPDX-License-Identifier: BSD-3-Clause
#include "base/standard_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

namespace blastune {

void fill_standard_descriptors() {
  for (;;) {
    const int fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
    if (fd < 0 || fd > STDERR_FILENO) return;
  }
}

}  // namespace blastune
