// SPDX-License-Identifier: BSD-3-Clause
#include "cli/preload_location.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "base/parse.h"
#include "store/config_location.h"

namespace blastune {
namespace {

constexpr const char* library_name = "libblastune-preload.so";
constexpr std::string_view separators = ": ";

bool is_file(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

std::vector<std::string> preload_places(const std::string& program) {
  std::vector<std::string> places;
  const auto add = [&places](const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    if (std::ranges::find(places, text) == places.end()) places.push_back(std::move(text));
  };
  if (!program.empty()) {
    const std::filesystem::path directory = std::filesystem::path(program).parent_path();
    add(directory / BLASTUNE_LIB_FROM_BIN / "blastune" / library_name);
    add(directory / ".." / "lib" / "preload" / library_name);
  }
  add(std::filesystem::path(BLASTUNE_LIB_DIR) / "blastune" / library_name);
  return places;
}

Result<std::string> find_preload() {
  const std::vector<std::string> places = preload_places(running_program());
  std::string looked_at;
  for (const std::string& place : places) {
    if (!is_file(place)) {
      looked_at += (looked_at.empty() ? "" : ", ") + place;
      continue;
    }
    if (place.find_first_of(separators) == place.npos) return place;
    return Error{ErrorKind::usage,
                 in_quotes(place) + " has a space or a colon in it, which LD_PRELOAD cannot express",
                 "install blastune in another folder"};
  }
  return Error{ErrorKind::not_found, std::string(library_name) + " is not in " + looked_at,
               "install it (Debian: the package blastune-preload)"};
}

std::string add_preload(const std::string& present, const std::string& library) {
  for (std::size_t at = 0; at < present.size();) {
    const std::size_t end = std::min(present.find_first_of(separators, at), present.size());
    if (present.compare(at, end - at, library) == 0) return present;
    at = end + 1;
  }
  return present.empty() ? library : present + ":" + library;
}

}  // namespace blastune
