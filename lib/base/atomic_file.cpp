// SPDX-License-Identifier: BSD-3-Clause
#include "base/atomic_file.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <limits>
#include <optional>

#include "base/parse.h"
#include "base/trusted_file.h"

namespace blastune {
namespace {

constexpr mode_t directory_mode = 0755;
constexpr int name_attempts = 8;
constexpr std::size_t suffix_digits = 16;
constexpr std::string_view hexadecimal = "0123456789abcdef";
constexpr std::string_view temporary_end = ".tmp";
// A living writer needs milliseconds; a temporary this old was left by a dead one.
constexpr std::int64_t abandoned_after_seconds = 15 * 60;

std::string remedy_for(int error_number, const std::string& directory) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space on the disk that holds " + directory +
             ", or keep the file elsewhere with --output FILE or BLASTUNE_TABLE";
    case EROFS:
      return directory +
             " is on a read-only file system: choose another place with --output FILE or BLASTUNE_TABLE";
    case EACCES:
    case EPERM:
      return "make " + directory +
             " writable for you, or choose another place with --output FILE or BLASTUNE_TABLE";
    case ENOENT:
    case ENOTDIR:
      return "create the directory " + directory +
             ", or choose another place with --output FILE or BLASTUNE_TABLE";
    default:
      return "check the disk that holds " + directory +
             ", or choose another place with --output FILE or BLASTUNE_TABLE";
  }
}

Error failure(const std::string& path, const Error& error) {
  return Error{error.kind == ErrorKind::not_found ? ErrorKind::unavailable : error.kind,
               "cannot write " + path + ": " + error.what, remedy_for(error.error_number, directory_of(path)),
               error.error_number};
}

std::string base_name(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// ".table.json.0123456789abcdef.tmp" beside "table.json": hidden, and nobody else's pattern.
std::string temporary_prefix(const std::string& path) {
  return "." + base_name(path) + ".";
}

std::optional<std::string> random_suffix() {
  std::uint64_t bits = 0;
  if (::getrandom(&bits, sizeof bits, 0) != static_cast<ssize_t>(sizeof bits)) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < suffix_digits; ++i, bits >>= 4U) digits += hexadecimal[bits & 15U];
  return digits;
}

bool is_temporary_of(const std::string& path, std::string_view name) {
  const auto prefix = temporary_prefix(path);
  if (name.size() != prefix.size() + suffix_digits + temporary_end.size()) return false;
  if (!name.starts_with(prefix) || !name.ends_with(temporary_end)) return false;
  return name.substr(prefix.size(), suffix_digits).find_first_not_of(hexadecimal) == std::string_view::npos;
}

// What dead writers left. Best effort: a failure here must not keep a good table from being written.
void sweep(FileSystem& files, const std::string& path, std::int64_t changed_before) {
  const auto directory = directory_of(path);
  const auto names = files.list_directory(directory);
  if (!names) return;
  for (const auto& name : *names) {
    if (!is_temporary_of(path, name)) continue;
    const std::string abandoned = directory + "/" + name;
    const auto status = files.status(abandoned);
    if (!status || !status->regular || status->owner != ::geteuid()) continue;
    if (status->modified_unix < changed_before) (void)files.remove(abandoned);
  }
}

Result<void> create_directories(FileSystem& files, const std::string& directory, int levels) {
  if (levels <= 0) return system_error("cannot create directory " + directory, ENOENT);
  auto created = files.create_directory(directory, directory_mode);
  if (!created && created.error().error_number == ENOENT) {
    if (auto above = create_directories(files, directory_of(directory), levels - 1); !above) return above;
    created = files.create_directory(directory, directory_mode);
  }
  if (!created) return created.error().error_number == EEXIST ? Result<void>{} : created;
  // The new entry is part of what must survive a crash.
  return files.sync_directory(directory_of(directory));
}

// Removes the temporary unless it has become the file.
class Temporary {
 public:
  Temporary(FileSystem& files, std::string path) : files_(files), path_(std::move(path)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!renamed_) (void)files_.remove(path_);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  void has_been_renamed() { renamed_ = true; }

 private:
  FileSystem& files_;
  std::string path_;
  bool renamed_ = false;
};

struct Created {
  std::string path;
  UniqueFd fd;
};

Result<Created> create_temporary(FileSystem& files, const std::string& path) {
  const auto directory = directory_of(path);
  for (int attempt = 0; attempt < name_attempts; ++attempt) {
    const auto suffix = random_suffix();
    if (!suffix) return system_error("cannot make a random file name", errno);
    auto name = directory + "/" + temporary_prefix(path);
    name.append(*suffix).append(temporary_end);
    auto fd = files.create_exclusively(name, 0600);
    if (fd) return Created{std::move(name), std::move(*fd)};
    if (fd.error().error_number != EEXIST) return fd.error();
  }
  return Error{ErrorKind::unavailable, "cannot find a free temporary name in " + directory, {}};
}

Result<void> write_all(FileSystem& files, int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = files.write_some(fd, bytes);
    if (!count) return count.error();
    if (*count == 0) return system_error("cannot write", ENOSPC);
    bytes.remove_prefix(*count);
  }
  return {};
}

Result<void> write_and_check(FileSystem& files, const Temporary& temporary, UniqueFd fd,
                             std::string_view bytes, mode_t mode) {
  if (auto done = write_all(files, fd.get(), bytes); !done) return done;
  if (auto done = files.set_mode(fd.get(), mode); !done) return done;
  if (auto done = files.sync(fd.get()); !done) return done;
  fd.reset();
  // Read back before the old file is given up.
  const auto read_back = read_file(files, temporary.path(), bytes.size());
  if (!read_back) return read_back.error();
  if (*read_back != bytes)
    return Error{ErrorKind::unavailable, "what was written reads back differently", {}};
  return {};
}

}  // namespace

void sweep_leftovers(FileSystem& files, const std::string& path) {
  sweep(files, path, std::numeric_limits<std::int64_t>::max());
}

Result<void> ensure_directory_of(FileSystem& files, const std::string& path, int missing_directories) {
  const auto directory = directory_of(path);
  if (files.status(directory)) return {};
  auto created = create_directories(files, directory, missing_directories);
  if (created) return {};
  return failure(path, created.error());
}

Result<void> replace_file(FileSystem& files, const std::string& path, std::string_view bytes,
                          const ReplaceOptions& options) {
  const auto directory = directory_of(path);
  const auto fail = [&](const Error& error) { return failure(path, error); };

  const auto present = files.status(path);
  if (present ? !present->regular : path.empty() || path.ends_with('/')) {
    return Error{ErrorKind::usage, "cannot write " + in_quotes(path) + ": that is not a regular file",
                 "name a file to write with --output FILE or BLASTUNE_TABLE"};
  }
  if (auto there = ensure_directory_of(files, path, options.missing_directories); !there) return there;
  auto created = create_temporary(files, path);
  if (!created) return fail(created.error());
  Temporary temporary(files, created->path);
  // Age is counted from our own fresh temporary, so that only the file system's clock matters.
  if (const auto status = files.status(created->fd.get()))
    sweep(files, path, status->modified_unix - abandoned_after_seconds);

  if (auto done = write_and_check(files, temporary, std::move(created->fd), bytes, options.mode); !done) {
    return fail(done.error());
  }
  if (auto done = files.rename(temporary.path(), path); !done) return fail(done.error());
  temporary.has_been_renamed();
  if (auto done = files.sync_directory(directory); !done) {
    return Error{
        done.error().kind,
        path + " was replaced, but it is not certain that it survives a power failure: " + done.error().what,
        remedy_for(done.error().error_number, directory), done.error().error_number};
  }
  return {};
}

}  // namespace blastune
