// SPDX-License-Identifier: BSD-3-Clause
//
// Which loaded file an address belongs to, and that file's GNU build-id, read from memory.
#pragma once

#include <optional>
#include <string>

namespace blastune {

struct LoadedObject {
  std::string path;      // with links resolved
  std::string build_id;  // hexadecimal; empty when the file has none
};

// Nothing when no loaded file holds the address.
std::optional<LoadedObject> loaded_object_at(const void* address);

}  // namespace blastune
