// SPDX-License-Identifier: BSD-3-Clause
#include "daemon/control_server.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace blastune {
namespace {

constexpr std::size_t most_clients = 32;
// Those who are here are served in between.
constexpr std::size_t most_taken_at_once = 8;
constexpr int most_waiting = 64;
constexpr double client_seconds = 5;
constexpr double idle_seconds = 3600;
constexpr double pause_seconds = 1;
constexpr int most_groups = 65536;  // the kernel's own bound

Result<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error{ErrorKind::usage, path + " is too long for a socket",
                 "choose a shorter --runtime-directory"};
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

// What a killed service left is removed; the instance's lock says that nobody is behind it.
Result<void> remove_leftover(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return system_error("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(status.st_mode))
    return Error{ErrorKind::unavailable, path + " is there and is no socket", "remove it"};
  if (::unlink(path.c_str()) != 0) return system_error("cannot remove the old socket " + path, errno);
  return {};
}

// Nobody in particular where the kernel does not tell.
ucred peer_of(int socket) {
  ucred peer{-1, static_cast<uid_t>(-1), static_cast<gid_t>(-1)};
  socklen_t size = sizeof peer;
  (void)::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
  return peer;
}

bool is_trusted_peer(int socket, const ucred& peer) {
  if (peer.pid < 0) return false;
  socklen_t size = 0;
  if (peer.uid == 0 || peer.uid == ::geteuid() || peer.gid == ::getegid()) return true;
  // Asked for twice: the first time tells how many there are.
  std::vector<gid_t> groups(64);
  for (int attempt = 0; attempt < 2; ++attempt) {
    size = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &size) == 0) {
      groups.resize(size / sizeof(gid_t));
      return std::ranges::find(groups, ::getegid()) != groups.end();
    }
    if (errno != ERANGE || size / sizeof(gid_t) > most_groups) return false;
    groups.resize(size / sizeof(gid_t));
  }
  return false;
}

}  // namespace

ControlServer::ControlServer(std::string path, EventLoop& loop, Clock& clock, Answer answer)
    : path_(std::move(path)), loop_(loop), clock_(clock), answer_(std::move(answer)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::open(std::string path, EventLoop& loop, Clock& clock,
                                                           Answer answer) {
  const auto address = address_of(path);
  if (!address) return address.error();
  if (auto removed = remove_leftover(path); !removed) return removed.error();
  UniqueFd listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener.valid()) return system_error("cannot make a socket", errno);
  // Everybody may ask; what they may ask for is decided for each. Said before it is there: by its name, a
  // directory that others may write could make it another file's mode.
  const mode_t usual = ::umask(0111);
  const int bound = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  const int problem = errno;
  ::umask(usual);
  if (bound != 0)
    return system_error("cannot make the socket " + path, problem, "choose another --runtime-directory");
  // The destructor takes the name away from here on.
  std::unique_ptr<ControlServer> server(new ControlServer(std::move(path), loop, clock, std::move(answer)));
  server->listener_ = std::move(listener);
  if (::listen(server->listener_.get(), most_waiting) != 0)
    return system_error("cannot listen on " + server->path_, errno);
  if (auto heard = server->listen(); !heard) return heard.error();
  return server;
}

Result<void> ControlServer::listen() {
  return loop_.add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_clients(); });
}

ControlServer::~ControlServer() {
  while (!clients_.empty()) drop(clients_.begin());
  if (listener_.valid()) loop_.remove(listener_.get());
  ::unlink(path_.c_str());
}

void ControlServer::accept_clients() {
  for (std::size_t taken = 0; taken < most_taken_at_once; ++taken) {
    UniqueFd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.valid()) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      // Out of descriptors, or of memory: the one that has been here for longest makes room.
      if (!clients_.empty()) drop(clients_.begin());
      loop_.remove(listener_.get());
      listens_from_ = clock_.monotonic_seconds() + pause_seconds;
      return;
    }
    if (clients_.size() >= most_clients) make_room();
    const ucred peer = peer_of(socket.get());
    const Place client = clients_.emplace(clients_.end());
    client->is_trusted = is_trusted_peer(socket.get(), peer);
    client->user = peer.uid;
    client->socket = std::move(socket);
    client->deadline = clock_.monotonic_seconds() + client_seconds;
    const auto added = loop_.add(client->socket.get(), EPOLLIN,
                                 [this, client](std::uint32_t events) { serve(client, events); });
    if (!added) clients_.erase(client);
  }
}

// The oldest of the user who has most of them goes, but not unheard: what it asks may lie there unread.
void ControlServer::make_room() {
  const auto held_by = [this](uid_t user) { return std::ranges::count(clients_, user, &Client::user); };
  const Place chosen =
      std::ranges::max_element(clients_, {}, [&](const Client& client) { return held_by(client.user); });
  if (chosen->reply.empty() && receive(*chosen) && !chosen->reply.empty()) (void)send(*chosen);
  drop(chosen);
}

void ControlServer::serve(Place client, std::uint32_t events) {
  bool goes_on = true;
  if (client->reply.empty()) goes_on = receive(*client);
  if (goes_on && !client->reply.empty()) {
    goes_on = send(*client);
    if (goes_on) {
      goes_on = loop_
                    .add(client->socket.get(), EPOLLOUT,
                         [this, client](std::uint32_t more) { serve(client, more); })
                    .ok();
    }
  }
  if (!goes_on || (events & (EPOLLERR | EPOLLHUP)) != 0) drop(client);
}

bool ControlServer::receive(Client& client) {
  std::array<char, max_control_request + 1> bytes{};
  const ssize_t got = ::recv(client.socket.get(), bytes.data(), bytes.size(), 0);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) return false;
  client.received.append(bytes.data(), static_cast<std::size_t>(got));
  const auto end = client.received.find('\n');
  if (end == std::string::npos && client.received.size() <= max_control_request) return true;
  ControlReply reply;
  if (end == std::string::npos || end > max_control_request) {
    reply = Refusal{RefusalKind::too_long,
                    "a request has at most " + std::to_string(max_control_request) + " bytes"};
  } else if (const auto request = decode_control_request(std::string_view(client.received).substr(0, end))) {
    reply = answer_(*request, client.is_trusted);
  } else {
    reply = Refusal{RefusalKind::bad_request, request.error().what};
  }
  client.reply = encode(reply) + '\n';
  return true;
}

bool ControlServer::send(Client& client) {
  while (client.sent < client.reply.size()) {
    const std::string_view rest = std::string_view(client.reply).substr(client.sent);
    const ssize_t sent = ::send(client.socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN;
    client.sent += static_cast<std::size_t>(sent);
  }
  return false;  // said what there is to say
}

void ControlServer::drop(Place client) {
  loop_.remove(client->socket.get());
  clients_.erase(client);
}

double ControlServer::drop_slow_clients() {
  const double now = clock_.monotonic_seconds();
  while (!clients_.empty() && clients_.front().deadline <= now) {
    Client& slow = clients_.front();
    if (slow.reply.empty()) {
      slow.reply = encode(Refusal{RefusalKind::too_slow, "no whole request came in time"}) + '\n';
      (void)send(slow);
    }
    drop(clients_.begin());
  }
  if (listens_from_ && *listens_from_ <= now) {
    listens_from_ = listen() ? std::nullopt : std::optional(now + pause_seconds);
  }
  const double next = clients_.empty() ? idle_seconds : clients_.front().deadline - now;
  return listens_from_ ? std::min(next, *listens_from_ - now) : next;
}

}  // namespace blastune
