// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/worker_prober.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

constexpr double interruption_seconds = 0.1;
constexpr const char* other_library =
    "name another OpenBLAS with --blas; `blastune doctor` lists those found";

double now() {
  SystemClock clock;
  return clock.monotonic_seconds();
}

// How long a burst may take before its worker counts as hung: far more than on the slowest machine beside
// the worst load, since ending too early loses good samples and ending late costs only time.
double patience(const BurstRequest& burst, double least) {
  constexpr double slowest_flops_per_second = 5e8;
  constexpr double slowest_bytes_per_second = 5e7;
  constexpr double stall_seconds_per_call = 0.02;
  const double calls = burst.warm_calls + burst.calls;
  return least + calls * (flops(burst.gemm) / slowest_flops_per_second + stall_seconds_per_call) +
         operand_bytes(burst.gemm) / slowest_bytes_per_second;
}

// What can be told of a file without loading it. A bare name is the loader's business: a file of that name in
// the current directory may be anybody's.
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
    return Error{kind, "cannot use " + file + ": " + std::system_category().message(problem), other_library};
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

Error interruption() {
  return {ErrorKind::interrupted, "the measuring was interrupted", {}};
}

// Everything about one launch: the process and the bytes that came after its hello.
struct Launched {
  ChildProcess child;
  WorkerHello hello;
};

std::string last_words(ChildProcess& child) {
  const std::string text = child.error_text();
  return text.empty() ? std::string() : ", saying \"" + text + "\"";
}

Result<Launched> launch_worker(const std::string& worker, const std::string& blas_file, bool identify_only,
                               const WorkerProberOptions& options) {
  ChildCommand command;
  command.program = worker;
  command.arguments = {identify_only ? "--identify" : "--blas", blas_file, "--max-operand-bytes",
                       std::to_string(options.max_operand_bytes)};
  command.environment = clean_environment();
  Result<ChildProcess> child = ChildProcess::start(command);
  if (!child) return child.error();

  LineSplitter lines(max_answer_line);
  const double deadline = now() + options.load_seconds;
  while (true) {
    if (options.interrupted && options.interrupted()) return interruption();
    const double left = deadline - now();
    if (left <= 0) {
      return Error{ErrorKind::timed_out,
                   "loading " + blas_file + " did not end within " +
                       std::to_string(static_cast<int>(options.load_seconds)) + " s" + last_words(*child),
                   other_library};
    }
    child->wait(std::min(left, interruption_seconds), false);
    std::string bytes;
    const bool open = child->read_some(bytes);
    lines.add(bytes);
    const Result<std::optional<std::string>> line = lines.next();
    Result<WorkerHello> hello = Error{};
    if (line && *line) {
      hello = decode_hello(**line);
      if (hello && lines.pending() != 0) {
        hello = Error{ErrorKind::invalid_data, "it answers before it is asked", {}};
      }
      if (hello) return Launched{std::move(*child), std::move(*hello)};
      // A refusal is in the worker's own words; anything else is nonsense.
      if ((*line)->starts_with("refused ") || !hello.error().remedy.empty()) return hello.error();
    }
    if (!line || *line) {
      return Error{
          ErrorKind::invalid_data,
          worker + " does not speak as a worker should: " + (line ? hello.error().what : line.error().what),
          "install blastune and its worker from the same release"};
    }
    if (!open) {
      const std::string end = child->end();
      return Error{ErrorKind::unavailable,
                   "loading " + blas_file + " failed: the worker " + end + last_words(*child), other_library};
    }
  }
}

}  // namespace

Result<WorkerHello> identify_build(const std::string& worker, const std::string& blas_file,
                                   const WorkerProberOptions& options) {
  const Result<std::string> path = loadable_path(blas_file);
  if (!path) return path.error();
  Result<Launched> launched = launch_worker(worker, *path, true, options);
  if (!launched) return launched.error();
  return std::move(launched->hello);
}

Result<std::unique_ptr<WorkerProber>> WorkerProber::start(std::string worker, const std::string& blas_file,
                                                          WorkerProberOptions options) {
  if (options.max_operand_bytes < 1)
    return Error{ErrorKind::usage, "operands need at least one byte", "allow more memory"};
  Result<std::string> path = loadable_path(blas_file);
  if (!path) return path.error();
  std::unique_ptr<WorkerProber> prober(
      new WorkerProber(std::move(worker), std::move(*path), std::move(options)));
  Result<WorkerHello> hello = prober->launch();
  if (!hello) return hello.error();
  prober->hello_ = std::move(*hello);
  return prober;
}

Result<WorkerHello> WorkerProber::launch() {
  child_.reset();
  Result<Launched> launched = launch_worker(worker_, blas_file_, false, options_);
  if (!launched) return launched.error();
  child_.emplace(std::move(launched->child));
  return std::move(launched->hello);
}

Result<void> WorkerProber::relaunch() {
  ++restarts_;
  const Result<WorkerHello> hello = launch();
  if (!hello) return hello.error();
  if (same_build(hello->build, hello_.build) && hello->setter == hello_.setter) return {};
  child_.reset();
  return Error{ErrorKind::foreign, blas_file_ + " became another build while it was measured",
               "start again; what was measured belongs to the former build"};
}

WorkerRequest WorkerProber::numbered(const Batch& batch, std::size_t index) const {
  return WorkerRequest{batch.first_number + index, batch.requests[index]};
}

std::string WorkerProber::end_worker() {
  if (!child_) return "ended";
  std::string end = child_->end();
  end += last_words(*child_);
  child_.reset();
  return end;
}

void WorkerProber::lose(Batch& batch, std::string why) {
  last_loss_ = describe(batch.requests[batch.next].gemm) + " with " +
               std::to_string(batch.requests[batch.next].threads) + " threads: " + std::move(why);
  ++lost_bursts_;
  ++batch.next;
  batch.deaths_at_next = 0;
}

Result<std::vector<std::optional<BurstResult>>> WorkerProber::run(std::span<const BurstRequest> requests) {
  for (const BurstRequest& request : requests) {
    if (Result<void> checked = check_request(request); !checked) return checked.error();
  }
  Batch batch;
  batch.requests = requests;
  batch.results.resize(requests.size());
  while (batch.next < requests.size()) {
    if (is_interrupted()) return interruption();
    if (!child_) {
      if (restarts_in_vain_ >= options_.max_restarts_in_vain) {
        return Error{ErrorKind::unavailable,
                     "the worker for " + blas_file_ + " failed " + std::to_string(restarts_in_vain_) +
                         " times on end; last at " + last_loss_,
                     other_library};
      }
      ++restarts_in_vain_;
      if (Result<void> relaunched = relaunch(); !relaunched) return relaunched.error();
    }
    batch.first_number = next_number_ - batch.next;
    const Result<Ended> ended = exchange(batch);
    // Numbers are never used twice, so no answer can be taken for another's.
    next_number_ = batch.first_number + requests.size();
    if (!ended) return ended.error();
  }
  return std::move(batch.results);
}

// Sends what is not answered yet and takes answers until all are there or the worker has to be ended.
Result<WorkerProber::Ended> WorkerProber::exchange(Batch& batch) {
  std::string unsent;
  for (std::size_t i = batch.next; i < batch.requests.size(); ++i)
    unsent += encode(numbered(batch, i)) + '\n';
  std::size_t sent = 0;
  LineSplitter lines(max_answer_line);
  double answer_came = now();
  while (batch.next < batch.requests.size()) {
    if (is_interrupted()) {
      // Its pipes are full of requests that nobody wants any more.
      child_.reset();
      return interruption();
    }
    sent += child_->write_some(std::string_view(unsent).substr(sent));
    const double deadline = answer_came + patience(batch.requests[batch.next], options_.least_burst_seconds);
    const double left = deadline - now();
    if (left <= 0) {
      child_.reset();
      lose(batch, "no answer for too long");
      return Ended::failed_burst;
    }
    child_->wait(std::min(left, interruption_seconds), sent < unsent.size());
    std::string bytes;
    const bool open = child_->read_some(bytes);
    lines.add(bytes);
    std::size_t answered = 0;
    const Result<Ended> taken = take_answers(batch, lines, answered);
    if (!taken || *taken != Ended::finished) return taken;
    if (answered > 0) answer_came = now();
    if (!open && batch.next < batch.requests.size()) {
      const std::string end = end_worker();
      if (is_interrupted()) return interruption();
      last_loss_ = "the worker " + end;
      if (++batch.deaths_at_next >= 2) lose(batch, "the worker " + end + ", twice");
      return Ended::died;
    }
  }
  if (lines.pending() != 0) child_.reset();  // says more than it was asked; the next run gets a fresh one
  return Ended::finished;
}

// All answers that have come. Finished: they made sense so far.
Result<WorkerProber::Ended> WorkerProber::take_answers(Batch& batch, LineSplitter& lines,
                                                       std::size_t& answered) {
  while (batch.next < batch.requests.size()) {
    const Result<std::optional<std::string>> line = lines.next();
    if (line && !*line) break;
    Result<WorkerAnswer> answer =
        line ? decode_answer(**line, numbered(batch, batch.next)) : Result<WorkerAnswer>(line.error());
    if (!answer) {
      child_.reset();
      lose(batch, "the worker answered nonsense: " + answer.error().what);
      return Ended::failed_burst;
    }
    ++answered;
    restarts_in_vain_ = 0;
    if (!answer->result) {
      lose(batch, answer->reason);
      continue;
    }
    batch.results[batch.next] = std::move(*answer->result);
    ++batch.next;
    batch.deaths_at_next = 0;
  }
  return Ended::finished;
}

}  // namespace blastune
