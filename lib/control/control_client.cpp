// SPDX-License-Identifier: BSD-3-Clause
#include "control/control_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"

namespace blastune {
namespace {

constexpr const char* look_at_service = "see `systemctl status blastuned`";
constexpr double retry_seconds = 0.01;

class Deadline {
 public:
  explicit Deadline(double seconds) : end_(clock_.monotonic_seconds() + seconds) {}

  // At least a millisecond as long as anything is left, so that nobody spins.
  [[nodiscard]] int milliseconds() {
    const double left = end_ - clock_.monotonic_seconds();
    return left > 0 ? static_cast<int>(std::ceil(std::min(left, 1e6) * 1e3)) : 0;
  }
  void rest() { clock_.sleep(std::min(retry_seconds, end_ - clock_.monotonic_seconds())); }

 private:
  SystemClock clock_;
  double end_;
};

// What is asked elsewhere is no system's service.
std::string how_to_start(const std::string& path) {
  const std::string name = "/control";
  const std::string directory = path.substr(0, path.size() - name.size());
  if (directory == default_runtime_directory)
    return std::string(look_at_service) + "; start it with `systemctl enable --now blastuned`";
  if (path.ends_with(name)) return "start it with `blastuned --runtime-directory " + directory + "`";
  return "name the socket `control` in its --runtime-directory";
}

Error no_answer(const std::string& path) {
  return {ErrorKind::timed_out, "blastuned did not answer in time on " + path, look_at_service};
}

Error cannot(const std::string& what, const std::string& path, int error_number) {
  return system_error("cannot " + what + " " + path, error_number, look_at_service);
}

// Waits until the socket can be read or written, or the other side is gone.
Result<void> wait_for(int fd, short events, Deadline& deadline, const std::string& path) {
  for (;;) {
    const int left = deadline.milliseconds();
    pollfd polled{fd, events, 0};
    const int ready = left > 0 ? ::poll(&polled, 1, left) : 0;
    if (ready > 0) return {};
    if (ready == 0) return no_answer(path);
    if (errno != EINTR) return cannot("wait for", path, errno);
  }
}

Result<UniqueFd> connect_to(const std::string& path, Deadline& deadline) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path || path.find('\0') != std::string::npos) {
    return Error{ErrorKind::usage,
                 "a socket's path has from 1 to " + std::to_string(sizeof address.sun_path - 1) + " bytes",
                 {}};
  }
  std::copy(path.begin(), path.end(), std::begin(address.sun_path));
  UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return cannot("make a socket for", path, errno);
  for (;;) {
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
    const int why_not = errno;
    // A queue of clients that is full: there is no event to wait for.
    if (why_not == EAGAIN) {
      if (deadline.milliseconds() == 0) return no_answer(path);
      deadline.rest();
      continue;
    }
    if (why_not == EINTR) continue;
    if (why_not == ENOENT || why_not == ENOTDIR || why_not == ECONNREFUSED) {
      const char* why = why_not == ECONNREFUSED ? "nobody listens on " : "there is no ";
      return Error{ErrorKind::not_found, "blastuned is not running: " + (why + path), how_to_start(path),
                   why_not};
    }
    return cannot("connect to", path, why_not);
  }
}

Result<void> send_line(int fd, std::string_view line, Deadline& deadline, const std::string& path) {
  while (!line.empty()) {
    const ssize_t sent = ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = wait_for(fd, POLLOUT, deadline, path); !ready) return ready;
    } else if (errno == EPIPE || errno == ECONNRESET) {
      return {};  // It may have said why before it hung up.
    } else if (errno != EINTR) {
      return cannot("write to", path, errno);
    }
  }
  return {};
}

Result<std::string> receive_line(int fd, Deadline& deadline, const std::string& path) {
  std::string line;
  std::array<char, 16384> buffer{};
  for (;;) {
    if (auto ready = wait_for(fd, POLLIN, deadline, path); !ready) return ready.error();
    const ssize_t received = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (received < 0) {
      if (errno == EAGAIN || errno == EINTR) continue;
      return cannot("read from", path, errno);
    }
    if (received == 0) {
      if (line.empty()) {
        return Error{ErrorKind::unavailable, "blastuned hung up on " + path + " without an answer",
                     look_at_service};
      }
      return Error{ErrorKind::invalid_data, "the answer from " + path + " ends in its midst",
                   look_at_service};
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(received));
    const auto end = bytes.find('\n');
    line.append(bytes.substr(0, end));
    if (line.size() > max_control_reply) {
      return Error{ErrorKind::invalid_data, "the answer from " + path + " is too long", look_at_service};
    }
    if (end != bytes.npos) return line;
  }
}

}  // namespace

std::string control_socket_path() {
  return runtime_directory_of(::secure_getenv("BLASTUNE_RUNTIME_DIR")) + "/control";
}

Result<ControlReply> ask_daemon(const std::string& socket_path, ControlRequest request,
                                double timeout_seconds) {
  Deadline deadline(timeout_seconds);
  auto fd = connect_to(socket_path, deadline);
  if (!fd) return fd.error();
  if (auto sent = send_line(fd->get(), encode(request) + "\n", deadline, socket_path); !sent) {
    return sent.error();
  }
  auto line = receive_line(fd->get(), deadline, socket_path);
  if (!line) return line.error();
  auto reply = decode_control_reply(*line);
  if (!reply) {
    return Error{ErrorKind::invalid_data, "the answer from " + socket_path + ": " + reply.error().what,
                 "are blastune and blastuned of the same version?"};
  }
  return reply;
}

}  // namespace blastune
