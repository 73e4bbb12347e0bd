// SPDX-License-Identifier: BSD-3-Clause
#include "cli/stats_file.h"

#include <fcntl.h>
#include <limits.h>

#include <cerrno>
#include <filesystem>

#include "base/parse.h"
#include "base/unique_fd.h"

namespace blastune {

Result<std::string> prepare_stats(const std::string& file) {
  if (file == stats_to_messages) return file;
  std::error_code problem;
  const std::string path = std::filesystem::absolute(file, problem).string();
  if (problem)
    return system_error("cannot tell where " + in_quotes(file) + " is", problem.value(),
                        "name a file by its full path");
  if (path.size() >= PATH_MAX)
    return system_error("cannot write statistics to " + in_quotes(file), ENAMETOOLONG,
                        "name a file with a shorter path");
  constexpr mode_t as_the_user_wants = 0666;
  const UniqueFd opened(::open(
      path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, as_the_user_wants));
  if (!opened.valid())
    return system_error("cannot write statistics to " + in_quotes(path), errno,
                        "name a file that you may write to, or give --stats alone for standard error");
  return path;
}

}  // namespace blastune
