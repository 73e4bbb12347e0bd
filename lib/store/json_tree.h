// SPDX-License-Identifier: BSD-3-Clause
//
// A small JSON document that knows the line each value is on, for files people write. Bounded in depth and
// count; comments allowed; a key given twice is an error. Never throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace blastune {

struct JsonNode {
  enum class Kind { null, boolean, number, text, array, object };

  Kind kind = Kind::null;
  int line = 1;
  std::string key;   // in its object
  std::string text;  // of a number as written; of a text its content; "true" or "false"
  std::vector<JsonNode> children;
};

// Failure is invalid_data that names source and line.
Result<JsonNode> parse_json_tree(std::string_view text, std::string_view source);

}  // namespace blastune
