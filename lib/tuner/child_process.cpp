// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace blastune {
namespace {

constexpr std::size_t kept_error_bytes = 2048;
constexpr std::size_t most_read_at_once = std::size_t{1024} * 1024;
// An ending process closes its pipes before its status can be had.
constexpr int ending_milliseconds = 200;

struct Pipe {
  UniqueFd reading;
  UniqueFd writing;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Result<Pipe> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return system_error("cannot make a pair of sockets", errno);
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool make_non_blocking(const UniqueFd& fd) {
  const int flags = ::fcntl(fd.get(), F_GETFL);
  return flags >= 0 && ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) == 0;
}

// Above the three standard ones, so that dup2 below can neither overwrite nor keep one of them.
Result<UniqueFd> moved_up(const UniqueFd& fd) {
  UniqueFd moved(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 3));
  if (!moved.valid()) return system_error("cannot duplicate a descriptor", errno);
  return moved;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: only what is safe there when other threads held locks at the fork.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, int input,
                         int output, int errors, int report) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int signal : {SIGPIPE, SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaction(signal, &usual, nullptr);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  int problem = 0;
  if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 ||
      ::dup2(errors, STDERR_FILENO) < 0) {
    problem = errno;
  } else {
#ifdef SYS_close_range
    // Descriptors of others that lack the flag. A kernel without this call leaves them open: no harm done.
    constexpr unsigned close_on_exec = 4;
    ::syscall(SYS_close_range, 3U, ~0U, close_on_exec);
#endif
    ::execve(program, arguments, environment);
    problem = errno;
  }
  (void)!::write(report, &problem, sizeof problem);
  ::_exit(127);
}

std::string what_became_of(int status) {
  if (WIFEXITED(status)) return "exited with status " + std::to_string(WEXITSTATUS(status));
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    const char* name = ::sigdescr_np(signal);
    return "was killed by signal " + std::to_string(signal) +
           (name == nullptr ? std::string() : " (" + std::string(name) + ")");
  }
  return "ended";
}

}  // namespace

Result<ChildProcess> ChildProcess::start(const ChildCommand& command) {
  std::vector<std::string> words = command.arguments;
  words.insert(words.begin(), command.program);
  std::vector<std::string> variables = command.environment;
  const std::vector<char*> arguments = pointers_to(words);
  const std::vector<char*> environment = pointers_to(variables);

  Result<Pipe> input = make_socket_pair();
  if (!input) return input.error();
  Result<Pipe> output = make_pipe();
  if (!output) return output.error();
  Result<Pipe> errors = make_pipe();
  if (!errors) return errors.error();
  Result<Pipe> report = make_pipe();
  if (!report) return report.error();
  for (UniqueFd* end : {&input->reading, &output->writing, &errors->writing, &report->writing}) {
    Result<UniqueFd> moved = moved_up(*end);
    if (!moved) return moved.error();
    *end = std::move(*moved);
  }

  ChildProcess child;
  const pid_t process = ::fork();
  if (process < 0) return system_error("cannot start " + command.program, errno);
  if (process == 0) {
    become(command.program.c_str(), arguments.data(), environment.data(), input->reading.get(),
           output->writing.get(), errors->writing.get(), report->writing.get());
  }
  child.process_ = process;
  child.input_ = std::move(input->writing);
  child.output_ = std::move(output->reading);
  child.errors_ = std::move(errors->reading);
  input->reading.reset();
  output->writing.reset();
  errors->writing.reset();
  report->writing.reset();
#ifdef SYS_pidfd_open
  child.handle_.reset(static_cast<int>(::syscall(SYS_pidfd_open, process, 0)));
#endif

  // Ends without a word when the child has become the program.
  int problem = 0;
  ssize_t got = 0;
  do {
    got = ::read(report->reading.get(), &problem, sizeof problem);
  } while (got < 0 && errno == EINTR);
  if (got == static_cast<ssize_t>(sizeof problem)) {
    return system_error("cannot run " + command.program, problem,
                        "check that this file is there and may be executed");
  }
  if (!make_non_blocking(child.input_) || !make_non_blocking(child.output_) ||
      !make_non_blocking(child.errors_))
    return system_error("cannot prepare the pipes of " + command.program, errno);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      status_(other.status_),
      status_known_(other.status_known_),
      exited_(other.exited_),
      handle_(std::move(other.handle_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      error_tail_(std::move(other.error_tail_)) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill_and_reap();
  process_ = std::exchange(other.process_, -1);
  status_ = other.status_;
  status_known_ = other.status_known_;
  exited_ = other.exited_;
  handle_ = std::move(other.handle_);
  input_ = std::move(other.input_);
  output_ = std::move(other.output_);
  errors_ = std::move(other.errors_);
  error_tail_ = std::move(other.error_tail_);
  return *this;
}

ChildProcess::~ChildProcess() {
  kill_and_reap();
}

void ChildProcess::kill_and_reap() {
  if (process_ < 0) return;
#ifdef SYS_pidfd_send_signal
  // By handle where there is one: the number could already be someone else's if this process lets the
  // system reap its children.
  if (handle_.valid())
    ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0U);
  else
#endif
    ::kill(process_, SIGKILL);
  pid_t reaped = 0;
  do {
    reaped = ::waitpid(process_, &status_, 0);
  } while (reaped < 0 && errno == EINTR);
  status_known_ = reaped == process_;
  process_ = -1;
}

std::string ChildProcess::end() {
  input_.reset();
  if (process_ >= 0) {
    if (handle_.valid()) {
      pollfd ending{handle_.get(), POLLIN, 0};
      (void)::poll(&ending, 1, ending_milliseconds);
    } else {
      // Without a handle there is no waiting with a limit; look every now and then.
      for (int waited = 0; waited < ending_milliseconds; waited += 10) {
        siginfo_t information{};
        if (::waitid(P_PID, static_cast<id_t>(process_), &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            information.si_pid != 0)
          break;
        (void)::poll(nullptr, 0, 10);
      }
    }
    kill_and_reap();
  }
  return status_known_ ? what_became_of(status_) : "ended";
}

void ChildProcess::wait(double seconds, bool to_write) {
  std::array<pollfd, 4> watched{};
  nfds_t count = 0;
  if (output_.valid()) watched[count++] = {output_.get(), POLLIN, 0};
  if (errors_.valid()) watched[count++] = {errors_.get(), POLLIN, 0};
  if (to_write && input_.valid()) watched[count++] = {input_.get(), POLLOUT, 0};
  const nfds_t handle_at = count;
  if (handle_.valid() && !exited_) watched[count++] = {handle_.get(), POLLIN, 0};
  const int milliseconds = static_cast<int>(std::clamp(seconds, 0.0, 3600.0) * 1000.0 + 0.999);
  if (::poll(watched.data(), count, milliseconds) <= 0) return;
  if (handle_at < count && (watched[handle_at].revents & POLLIN) != 0) exited_ = true;
  drain_errors();
}

std::size_t ChildProcess::write_some(std::string_view bytes) {
  if (!input_.valid() || bytes.empty()) return 0;
  const ssize_t sent = ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  // Nobody reads any more: do not wait for room that is always there.
  if (errno != EAGAIN && errno != EINTR) input_.reset();
  return 0;
}

bool ChildProcess::read_some(std::string& bytes) {
  if (!output_.valid()) return false;
  std::array<char, 65536> block{};
  std::size_t taken = 0;
  while (taken < most_read_at_once) {
    const ssize_t got = ::read(output_.get(), block.data(), block.size());
    if (got > 0) {
      bytes.append(block.data(), static_cast<std::size_t>(got));
      taken += static_cast<std::size_t>(got);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      // Its own child may hold the pipe open after it.
      return !exited_;
    }
    output_.reset();
    return false;
  }
  return true;
}

void ChildProcess::drain_errors() {
  if (!errors_.valid()) return;
  std::array<char, 4096> block{};
  // Bounded: a child that only writes errors must not keep its client here.
  for (int blocks = 0; blocks < 64; ++blocks) {
    const ssize_t got = ::read(errors_.get(), block.data(), block.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      errors_.reset();
      return;
    }
    error_tail_.append(block.data(), static_cast<std::size_t>(got));
    if (error_tail_.size() > kept_error_bytes) error_tail_.erase(0, error_tail_.size() - kept_error_bytes);
  }
}

std::string ChildProcess::error_text() {
  drain_errors();
  std::string line;
  for (const char c : error_tail_) {
    if (c == '\n' || c == ' ' || c == '\t') {
      if (!line.empty() && line.back() != ' ') line += ' ';
    } else {
      line += c > ' ' && c <= '~' ? c : '?';
    }
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  constexpr std::size_t most_shown = 300;
  if (line.size() > most_shown) line = "..." + line.substr(line.size() - most_shown);
  return line;
}

std::vector<std::string> clean_environment(std::span<const char* const> environment) {
  constexpr std::array<std::string_view, 4> kept = {"PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR"};
  std::vector<std::string> clean;
  for (const char* variable : environment) {
    if (variable == nullptr) break;
    const std::string_view text = variable;
    const std::string_view name = text.substr(0, text.find('='));
    // A program built with a sanitizer needs its options.
    const bool wanted =
        std::find(kept.begin(), kept.end(), name) != kept.end() || name.ends_with("SAN_OPTIONS");
    if (wanted && name.size() < text.size()) clean.emplace_back(text);
  }
  return clean;
}

std::vector<std::string> clean_environment() {
  std::size_t count = 0;
  while (environ != nullptr && environ[count] != nullptr) ++count;
  return clean_environment(std::span<const char* const>(environ, count));
}

}  // namespace blastune
