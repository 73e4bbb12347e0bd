// SPDX-License-Identifier: BSD-3-Clause
#include "model/advice.h"

namespace blastune {

std::string_view name(Basis basis) {
  switch (basis) {
    case Basis::none:
      return "none";
    case Basis::measured:
      return "measured";
    case Basis::interpolated:
      return "interpolated";
  }
  return "?";
}

}  // namespace blastune
