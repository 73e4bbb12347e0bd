// SPDX-License-Identifier: BSD-3-Clause
#include "store/table_file.h"

#include <optional>

#include "base/atomic_file.h"
#include "base/trusted_file.h"
#include "store/table_json.h"

namespace blastune {
namespace {

constexpr const char* measure_here = "run `blastune tune` to measure this machine";

}  // namespace

Result<Tables> load_tables(FileSystem& files, const std::string& path) {
  const auto text = read_trusted_file(files, path, max_table_bytes);
  if (!text) {
    auto error = text.error();
    if (error.kind == ErrorKind::not_found && error.remedy.empty()) error.remedy = measure_here;
    return error;
  }
  return read_tables(*text, path);
}

Result<void> save_tables(FileSystem& files, const std::string& path, const Tables& tables) {
  const auto text = write_tables(tables);
  if (!text) return text.error();
  if (auto replaced = replace_file(files, path, *text); !replaced) return replaced;
  const auto read_back = load_tables(files, path);
  if (!read_back) return read_back.error();
  return {};
}

Result<FileLock> lock_tables(FileSystem& files, const std::string& path) {
  if (auto directory = ensure_directory_of(files, path); !directory) return directory.error();
  return FileLock::try_lock(path);
}

Result<StoredTable> find_stored_table(FileSystem& files, std::span<const std::string> paths,
                                      const MachineSignature& machine, const Build& build) {
  std::optional<Error> damaged;
  std::optional<std::string> foreign;
  for (const auto& path : paths) {
    auto tables = load_tables(files, path);
    if (!tables) {
      if (tables.error().kind != ErrorKind::not_found && !damaged) damaged = tables.error();
      continue;
    }
    if (const Table* table = find_table(*tables, machine, build)) return StoredTable{*table, path};
    if (!foreign && !tables->empty()) foreign = path;
  }
  // A file of this user that is damaged is more worth telling than one that never was for this machine.
  if (damaged) return *damaged;
  if (foreign) {
    return Error{
        ErrorKind::foreign, *foreign + " has no table for " + describe(build) + " on " + describe(machine),
        build.path.empty() ? measure_here : "run `blastune tune --blas " + build.path + "` to measure it"};
  }
  std::string looked;
  for (const auto& path : paths) looked += (looked.empty() ? "" : ", ") + path;
  return Error{ErrorKind::not_found, "there is no table yet (looked for " + looked + ")", measure_here};
}

}  // namespace blastune
