// SPDX-License-Identifier: BSD-3-Clause
#include "base/result.h"

#include <system_error>

namespace blastune {

Error system_error(std::string what, int error_number, std::string remedy) {
  const auto kind = error_number == ENOENT ? ErrorKind::not_found : ErrorKind::unavailable;
  return Error{kind, std::move(what) + ": " + std::generic_category().message(error_number),
               std::move(remedy), error_number};
}

}  // namespace blastune
