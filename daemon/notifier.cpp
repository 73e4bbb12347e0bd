// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/parse.h"

namespace blastune {
namespace {

constexpr std::int64_t longest_watch_microseconds = std::int64_t{24} * 3600 * 1'000'000;

std::string taken_variable(const char* name) {
  const char* value = ::secure_getenv(name);
  std::string text = value == nullptr ? "" : value;
  ::unsetenv(name);
  return text;
}

// Control characters would begin a new assignment.
std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return line;
}

}  // namespace

Notifier Notifier::from_environment() {
  Notifier notifier;
  std::string address = taken_variable("NOTIFY_SOCKET");
  const std::string interval = taken_variable("WATCHDOG_USEC");
  const std::string process = taken_variable("WATCHDOG_PID");
  if (address.empty() || (address.front() != '/' && address.front() != '@')) return notifier;
  if (address.size() >= sizeof(sockaddr_un{}.sun_path)) return notifier;
  if (address.front() == '@') address.front() = '\0';
  notifier.socket_.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  notifier.address_ = std::move(address);
  const auto microseconds = parse_integer(interval, 1, longest_watch_microseconds, "WATCHDOG_USEC");
  if (microseconds && (process.empty() || process == std::to_string(::getpid())))
    notifier.alive_interval_ = static_cast<double>(*microseconds) / 2e6;
  return notifier;
}

void Notifier::send(std::string_view message) {
  if (!socket_.valid()) return;
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  std::memcpy(to.sun_path, address_.data(), address_.size());
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
  (void)::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                 reinterpret_cast<const sockaddr*>(&to), length);
}

void Notifier::ready(std::string_view status) {
  last_status_ = one_line(status);
  send("READY=1\nSTATUS=" + last_status_);
}

void Notifier::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto microseconds = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(microseconds));
}

void Notifier::stopping() {
  send("STOPPING=1\nSTATUS=ending");
}

void Notifier::status(std::string_view text) {
  std::string line = one_line(text);
  if (line == last_status_) return;
  last_status_ = std::move(line);
  send("STATUS=" + last_status_);
}

void Notifier::alive(double now) {
  if (!alive_interval_ || (last_alive_ && now - *last_alive_ < *alive_interval_)) return;
  last_alive_ = now;
  send("WATCHDOG=1");
}

}  // namespace blastune
