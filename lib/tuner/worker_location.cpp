// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/worker_location.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "store/config_location.h"

#ifndef BLASTUNE_LIBEXEC_DIR
#define BLASTUNE_LIBEXEC_DIR "/usr/local/libexec"
#endif
#ifndef BLASTUNE_LIBEXEC_FROM_BIN
#define BLASTUNE_LIBEXEC_FROM_BIN "../libexec"
#endif

namespace blastune {
namespace {

constexpr const char* program_name = "blastune-worker";

bool can_be_run(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::vector<std::string> worker_places(const std::string& program) {
  std::vector<std::string> places;
  const auto add = [&places](const std::filesystem::path& path) {
    std::string text = path.lexically_normal().string();
    for (const std::string& place : places) {
      if (place == text) return;
    }
    places.push_back(std::move(text));
  };
  if (!program.empty()) {
    const std::filesystem::path directory = std::filesystem::path(program).parent_path();
    // As installed, wherever the tree was put; then a build tree, from up to three folders deep.
    add(directory / BLASTUNE_LIBEXEC_FROM_BIN / "blastune" / program_name);
    add(directory / ".." / "libexec" / "blastune" / program_name);
    for (const char* up : {"..", "../..", "../../.."}) add(directory / up / "worker" / program_name);
  }
  add(std::filesystem::path(BLASTUNE_LIBEXEC_DIR) / "blastune" / program_name);
  return places;
}

Result<std::string> find_worker() {
  if (const char* named = ::secure_getenv("BLASTUNE_WORKER"); named != nullptr && *named != '\0') {
    if (can_be_run(named)) return std::string(named);
    return Error{ErrorKind::not_found,
                 "BLASTUNE_WORKER names " + std::string(named) + ", which cannot be run",
                 "name the program blastune-worker, or unset the variable"};
  }
  const std::vector<std::string> places = worker_places(running_program());
  std::string looked_at;
  for (const std::string& place : places) {
    if (can_be_run(place)) return place;
    looked_at += (looked_at.empty() ? "" : ", ") + place;
  }
  return Error{ErrorKind::not_found,
               "the measuring program " + std::string(program_name) + " is not in " + looked_at,
               "install blastune completely, or name it with BLASTUNE_WORKER"};
}

}  // namespace blastune
