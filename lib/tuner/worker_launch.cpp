// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/worker_launch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

double now() {
  SystemClock clock;
  return clock.monotonic_seconds();
}

}  // namespace

// A bare name is the loader's business: a file of that name in the current directory may be anybody's.
Result<std::string> loadable_path(const std::string& file) {
  if (file.empty() || file.find('\0') != std::string::npos)
    return Error{ErrorKind::usage, "an empty name is no BLAS library", other_library};
  if (file.find('/') == std::string::npos) return file;
  struct stat status {};
  const bool there = ::stat(file.c_str(), &status) == 0;
  const int problem = errno;
  if (!there) {
    const ErrorKind kind =
        problem == ENOENT || problem == ENOTDIR ? ErrorKind::not_found : ErrorKind::unavailable;
    return Error{kind, "cannot use " + file + ": " + std::system_category().message(problem), other_library,
                 problem};
  }
  if (S_ISDIR(status.st_mode))
    return Error{ErrorKind::invalid_data, file + " is a directory, not a shared library", other_library};
  if (!S_ISREG(status.st_mode))
    return Error{ErrorKind::invalid_data, file + " is not a regular file", other_library};
  const UniqueFd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!opened.valid()) return system_error("cannot read " + file, errno, "check the file's permissions");
  std::array<char, 4> magic{};
  constexpr std::array<char, 4> elf = {0x7f, 'E', 'L', 'F'};
  const ssize_t got = ::read(opened.get(), magic.data(), magic.size());
  if (got != static_cast<ssize_t>(magic.size()) || magic != elf)
    return Error{ErrorKind::invalid_data, file + " is not a shared library (no ELF file)", other_library};
  std::error_code no_absolute;
  const std::filesystem::path absolute = std::filesystem::absolute(file, no_absolute);
  return no_absolute ? file : absolute.string();
}

std::string last_words(ChildProcess& child) {
  const std::string text = child.error_text();
  return text.empty() ? std::string() : ", saying \"" + text + "\"";
}

Result<WorkerLaunch> WorkerLaunch::start(WorkerOrder order) {
  ChildCommand command;
  command.program = order.worker;
  command.arguments = {order.identify_only ? "--identify" : "--blas", order.blas_file, "--max-operand-bytes",
                       std::to_string(order.max_operand_bytes)};
  command.environment = clean_environment();
  Result<ChildProcess> child = ChildProcess::start(command);
  if (!child) return child.error();
  const double give_up_at = now() + order.load_seconds;
  return WorkerLaunch(std::move(order), std::move(*child), give_up_at);
}

double WorkerLaunch::deadline() const {
  return ending_ ? child_.end_deadline() : give_up_at_;
}

std::optional<Result<WorkerHello>> WorkerLaunch::advance() {
  if (!ending_) {
    std::string bytes;
    ending_ = !child_.read_some(bytes);
    lines_.add(bytes);
    const Result<std::optional<std::string>> line = lines_.next();
    if (!line || *line) return judge(line);
    if (!ending_ && now() >= give_up_at_) {
      return Error{ErrorKind::timed_out,
                   "loading " + order_.blas_file + " did not end within " +
                       std::to_string(static_cast<int>(order_.load_seconds)) + " s" + last_words(child_),
                   other_library};
    }
  }
  if (!ending_) return std::nullopt;
  const std::optional<std::string> end = child_.try_end();
  if (!end) return std::nullopt;
  return Error{ErrorKind::unavailable,
               "loading " + order_.blas_file + " failed: the worker " + *end + last_words(child_),
               other_library, ECHILD};
}

// The first line, or why it is none.
Result<WorkerHello> WorkerLaunch::judge(const Result<std::optional<std::string>>& line) const {
  Error problem;
  if (line) {
    Result<WorkerHello> hello = decode_hello(**line);
    if (hello && lines_.pending() == 0) return hello;
    problem = hello ? Error{ErrorKind::invalid_data, "it answers before it is asked", {}} : hello.error();
    // A refusal is in the worker's own words; anything else is nonsense.
    if ((*line)->starts_with("refused ") || !problem.remedy.empty()) return problem;
  } else {
    problem = line.error();
  }
  return Error{ErrorKind::invalid_data, order_.worker + " does not speak as a worker should: " + problem.what,
               "install blastune and its worker from the same release"};
}

}  // namespace blastune
