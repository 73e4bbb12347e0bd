// SPDX-License-Identifier: BSD-3-Clause
//
// blastune-worker: loads one OpenBLAS and runs the bursts that are asked for on its standard input, one
// answer a request on its standard output (lib/model/worker_protocol.h). Started by blastune, never by a
// person. It may crash or hang in the library's code; whoever started it expects that.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/unique_fd.h"
#include "blas_library.h"
#include "burst_runner.h"
#include "model/worker_protocol.h"

namespace blastune {
namespace {

constexpr std::int64_t default_max_operand_bytes = std::int64_t{512} * 1024 * 1024;
constexpr std::int64_t largest_max_operand_bytes = std::int64_t{1} << 50;

struct Arguments {
  std::string file;
  std::int64_t max_operand_bytes = default_max_operand_bytes;
  bool identify_only = false;
};

std::optional<Arguments> read_arguments(int count, char** words) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    if (i + 1 >= count) return std::nullopt;
    const std::string_view value = words[++i];
    if (word == "--blas" || word == "--identify") {
      arguments.file = value;
      arguments.identify_only = word == "--identify";
    } else if (word == "--max-operand-bytes") {
      const auto [end, problem] =
          std::from_chars(value.data(), value.data() + value.size(), arguments.max_operand_bytes);
      if (problem != std::errc{} || end != value.data() + value.size()) return std::nullopt;
      if (arguments.max_operand_bytes < 1 || arguments.max_operand_bytes > largest_max_operand_bytes)
        return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  if (arguments.file.empty()) return std::nullopt;
  return arguments;
}

// False when nobody reads any more.
bool say(const UniqueFd& out, std::string line) {
  line += '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t written = ::write(out.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A library that prints must not be able to speak for the worker: answers get a descriptor of their own,
// and standard output becomes standard error.
UniqueFd take_output() {
  UniqueFd out(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3));
  if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) ::close(STDOUT_FILENO);
  return out;
}

void protect_surroundings() {
  // Ends with its parent, leaves no core file, and lets the parent decide what Ctrl-C means.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(SIGINT, SIG_IGN);
}

WorkerAnswer answer_to(const WorkerRequest& request, BurstRunner& runner) {
  WorkerAnswer answer;
  answer.number = request.number;
  Result<BurstResult> result = runner.run(request.burst);
  if (result)
    answer.result = std::move(*result);
  else
    answer.reason = result.error().text();
  return answer;
}

// Until the input ends (0) or makes no sense (1).
int serve(const UniqueFd& out, BurstRunner& runner) {
  LineSplitter lines(max_request_line);
  std::array<char, 65536> bytes{};
  while (true) {
    while (true) {
      const Result<std::optional<std::string>> line = lines.next();
      if (!line) return 1;
      if (!*line) break;
      const Result<WorkerRequest> request = decode_request(**line);
      if (!request) return 1;
      if (!say(out, encode(answer_to(*request, runner)))) return 0;
    }
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got == 0 ? 0 : 1;
    lines.add(std::string_view(bytes.data(), static_cast<std::size_t>(got)));
  }
}

int work(int count, char** words) {
  const std::optional<Arguments> arguments = read_arguments(count, words);
  if (!arguments) {
    constexpr std::string_view usage =
        "usage: blastune-worker --blas FILE [--max-operand-bytes N]\n"
        "       blastune-worker --identify FILE\n"
        "This program is started by blastune; use `blastune tune` instead.\n";
    (void)!::write(STDERR_FILENO, usage.data(), usage.size());
    return 2;
  }
  protect_surroundings();
  const UniqueFd out = take_output();
  if (!out.valid()) return 1;
  const Result<BlasLibrary> library = BlasLibrary::load(arguments->file);
  if (!library) {
    say(out, encode_refusal(library.error()));
    return 1;
  }
  WorkerHello hello;
  hello.build = library->build();
  hello.default_threads = library->default_threads();
  hello.setter = library->setter();
  if (!say(out, encode(hello)) || arguments->identify_only) return 0;
  BurstRunner runner(*library, arguments->max_operand_bytes);
  return serve(out, runner);
}

}  // namespace
}  // namespace blastune

int main(int count, char** words) {
  int status = 1;
  try {
    status = blastune::work(count, words);
  } catch (const std::exception&) {
    status = 1;
  }
  // Without the library's exit handlers, which may hang while its threads spin.
  ::_exit(status);
}
