// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
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

#include "base/clock.h"

namespace blastune {
namespace {

constexpr std::size_t kept_error_bytes = 2048;
constexpr std::size_t most_error_bytes = std::size_t{1024} * 1024;
constexpr std::size_t most_read_at_once = std::size_t{1024} * 1024;
// An ending process closes its pipes before its status can be had.
constexpr double ending_seconds = 0.2;
constexpr double killing_seconds = 0.5;
// Without a handle there is no waiting for the end; look every now and then.
constexpr double look_seconds = 0.01;

double now() {
  SystemClock clock;
  return clock.monotonic_seconds();
}

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
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, pid_t parent,
                         int input, int output, int errors, int report) {
  // Here and not only in the program, which may hang before it comes to it. A parent that is gone already
  // cannot end this process any more.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  for (const int signal : {SIGPIPE, SIGXFSZ, SIGINT, SIGTERM, SIGHUP, SIGCHLD})
    ::sigaction(signal, &usual, nullptr);
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

void keep_ended_children() {
  struct sigaction usual {};
  usual.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &usual, nullptr);
}

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
  if (Result<void> opened = child.ready_.open(); !opened) return opened.error();
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  if (process < 0) return system_error("cannot start " + command.program, errno);
  if (process == 0) {
    become(command.program.c_str(), arguments.data(), environment.data(), parent, input->reading.get(),
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
  for (const UniqueFd* fd : {&child.output_, &child.errors_, &child.handle_}) {
    if (!fd->valid()) continue;
    if (Result<void> added = child.ready_.add(fd->get(), ReadySet::For::reading); !added)
      return added.error();
  }
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : process_(std::exchange(other.process_, -1)),
      status_(other.status_),
      status_known_(other.status_known_),
      exited_(other.exited_),
      room_wanted_(other.room_wanted_),
      end_by_(other.end_by_),
      look_again_(other.look_again_),
      ready_(std::move(other.ready_)),
      handle_(std::move(other.handle_)),
      input_(std::move(other.input_)),
      output_(std::move(other.output_)),
      errors_(std::move(other.errors_)),
      error_tail_(std::move(other.error_tail_)),
      error_bytes_(other.error_bytes_) {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  kill_and_reap();
  process_ = std::exchange(other.process_, -1);
  status_ = other.status_;
  status_known_ = other.status_known_;
  exited_ = other.exited_;
  room_wanted_ = other.room_wanted_;
  end_by_ = other.end_by_;
  look_again_ = other.look_again_;
  ready_ = std::move(other.ready_);
  handle_ = std::move(other.handle_);
  input_ = std::move(other.input_);
  output_ = std::move(other.output_);
  errors_ = std::move(other.errors_);
  error_tail_ = std::move(other.error_tail_);
  error_bytes_ = other.error_bytes_;
  return *this;
}

ChildProcess::~ChildProcess() {
  kill_and_reap();
}

void ChildProcess::close(UniqueFd& fd) {
  ready_.remove(fd.get());
  fd.reset();
}

// A socket in the set is ready when its reader is gone, whatever it is there for; so it is there only while
// write_some will be called again.
void ChildProcess::want_room(bool wanted) {
  if (wanted == room_wanted_) return;
  room_wanted_ = wanted;
  if (!wanted) {
    ready_.remove(input_.get());
  } else if (Result<void> added = ready_.add(input_.get(), ReadySet::For::writing); !added) {
    close(input_);  // never to be told of room: as if nobody read
  }
}

bool ChildProcess::notice_exit() {
  if (exited_ || process_ < 0) return true;
  siginfo_t information{};
  exited_ = ::waitid(P_PID, static_cast<id_t>(process_), &information, WEXITED | WNOHANG | WNOWAIT) != 0 ||
            information.si_pid != 0;
  if (exited_) ready_.remove(handle_.get());
  return exited_;
}

void ChildProcess::kill_and_reap() {
  if (process_ < 0) return;
  if (!notice_exit()) {
#ifdef SYS_pidfd_send_signal
    // By handle where there is one: the number could already be someone else's if this process lets the
    // system reap its children.
    if (handle_.valid())
      ::syscall(SYS_pidfd_send_signal, handle_.get(), SIGKILL, nullptr, 0U);
    else
#endif
      ::kill(process_, SIGKILL);
    const double limit = now() + killing_seconds;
    for (double left = killing_seconds; left > 0 && !notice_exit(); left = limit - now()) {
      if (handle_.valid())
        wait_until_ready(handle_.get(), left);
      else
        (void)::poll(nullptr, 0, 1);
    }
  }
  status_known_ = ::waitpid(process_, &status_, WNOHANG) == process_;
  ready_.remove(handle_.get());
  process_ = -1;
}

std::optional<std::string> ChildProcess::try_end() {
  if (input_.valid()) {
    room_wanted_ = false;
    close(input_);
  }
  drain_errors();
  const double time = now();
  if (end_by_ == never_) end_by_ = time + ending_seconds;
  if (!notice_exit() && time < end_by_) {
    look_again_ = handle_.valid() ? end_by_ : std::min(end_by_, time + look_seconds);
    return std::nullopt;
  }
  kill_and_reap();
  return status_known_ ? what_became_of(status_) : "ended";
}

std::size_t ChildProcess::write_some(std::string_view bytes) {
  if (!input_.valid()) return 0;
  ssize_t sent = 0;
  if (!bytes.empty()) {
    sent = ::send(input_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      // Nobody reads any more: do not wait for room that is always there.
      room_wanted_ = false;
      close(input_);
      return 0;
    }
  }
  const std::size_t went = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  want_room(went < bytes.size());
  return went;
}

bool ChildProcess::read_some(std::string& bytes) {
  drain_errors();
  // Before reading: what an ended child has written is all there.
  const bool exited = notice_exit();
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
      return !exited;
    }
    close(output_);
    return false;
  }
  return true;
}

void ChildProcess::drain_errors() {
  if (!errors_.valid() || error_bytes_ > most_error_bytes) return;
  std::array<char, 4096> block{};
  // Bounded: a child that only writes errors must not keep its client here.
  for (int blocks = 0; blocks < 64; ++blocks) {
    const ssize_t got = ::read(errors_.get(), block.data(), block.size());
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      close(errors_);
      return;
    }
    error_tail_.append(block.data(), static_cast<std::size_t>(got));
    error_bytes_ += static_cast<std::size_t>(got);
    if (error_tail_.size() > kept_error_bytes) error_tail_.erase(0, error_tail_.size() - kept_error_bytes);
    if (error_bytes_ > most_error_bytes) {
      // Not told of it any more. Left open: the child would be ended by the next thing it says.
      ready_.remove(errors_.get());
      return;
    }
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
  // The last one says which of its cores a library takes this processor for, in the programs that are advised
  // as well; a table is of one of them.
  constexpr std::array<std::string_view, 5> kept = {"PATH", "HOME", "LD_LIBRARY_PATH", "TMPDIR",
                                                    "OPENBLAS_CORETYPE"};
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
