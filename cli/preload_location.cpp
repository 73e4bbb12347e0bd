// SPDX-License-Identifier: BSD-3-Clause
#include "cli/preload_location.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>

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

std::string preload_word(const std::string& path, const std::string& lib) {
  const std::string part = "/" + lib + "/";
  const auto at = lib.empty() ? path.npos : path.rfind(part);
  return at == path.npos ? path : path.substr(0, at) + "/$LIB/" + path.substr(at + part.size());
}

std::string loader_lib() {
  constexpr const char* libc_name = "libc.so.6";
  // The loader alone knows; the C library is there in any case, so that nothing is loaded.
  const std::unique_ptr<void, int (*)(void*)> libc(
      ::dlopen((std::string("/$LIB/") + libc_name).c_str(), RTLD_LAZY | RTLD_NOLOAD), &::dlclose);
  Dl_info here{};
  if (!libc || ::dladdr(::dlsym(libc.get(), "malloc"), &here) == 0 || here.dli_fname == nullptr) return {};
  std::error_code problem;
  std::vector<std::string> libs;
  const auto consider = [&](const std::filesystem::path& lib) {
    if (std::filesystem::equivalent("/" / lib / libc_name, here.dli_fname, problem) && !problem &&
        std::ranges::find(libs, lib.string()) == libs.end())
      libs.push_back(lib.string());
  };
  for (const char* usual : {"lib", "lib64", "lib32"}) consider(usual);
  // Its own folder, from the root or from /usr.
  const auto directory = std::filesystem::path(here.dli_fname).parent_path();
  consider(directory.lexically_relative(directory.string().starts_with("/usr/") ? "/usr" : "/"));
  // Where two names lead there, nobody says which the loader uses.
  return libs.size() == 1 ? libs.front() : std::string();
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
