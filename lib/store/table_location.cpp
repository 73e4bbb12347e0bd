// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_location.h"

#include <cstdlib>

namespace blastune {
namespace {

std::optional<std::string> variable(const char* name) {
  const char* value = ::secure_getenv(name);
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

bool is_absolute(const std::optional<std::string>& path) {
  return path && path->starts_with('/');
}

}  // namespace

TableEnvironment read_table_environment() {
  return {variable("BLASTUNE_TABLE"), variable("XDG_CACHE_HOME"), variable("HOME")};
}

TableLocation table_location(const TableEnvironment& environment) {
  const auto& named = environment.blastune_table;
  if (named && !named->empty()) return {{*named}, *named};
  std::string cache;
  if (is_absolute(environment.xdg_cache_home)) {
    cache = *environment.xdg_cache_home;
  } else if (is_absolute(environment.home)) {
    cache = *environment.home + "/.cache";
  } else {
    return {{system_table_path}, system_table_path};
  }
  std::string own = cache + "/blastune/table.json";
  return {{own, system_table_path}, own};
}

}  // namespace blastune
