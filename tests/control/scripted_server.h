// SPDX-License-Identifier: BSD-3-Clause
//
// A daemon of a few lines: listens on a socket and does with every client what the test says, one after the
// other, in a thread of its own until it is destroyed.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

#include "base/unique_fd.h"

namespace blastune::testing {

class ScriptedServer {
 public:
  using Script = std::function<void(int client)>;

  ScriptedServer(const std::string& path, Script script) : script_(std::move(script)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), std::begin(address.sun_path));
    listening_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ready_ = ::bind(listening_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
             ::listen(listening_.get(), 8) == 0;
    thread_ = std::thread([this] { serve(); });
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() {
    ::shutdown(listening_.get(), SHUT_RDWR);
    thread_.join();
  }

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] int clients() const { return clients_; }

  // Up to the end of the line or of the connection, at most 10 s.
  static std::string read_line(int client) {
    std::string line;
    for (char byte = 0; byte != '\n';) {
      pollfd polled{client, POLLIN, 0};
      if (::poll(&polled, 1, 10'000) != 1 || ::read(client, &byte, 1) != 1) break;
      if (byte != '\n') line.push_back(byte);
    }
    return line;
  }
  static void write_all(int client, const std::string& bytes) {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t sent = ::send(client, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
      if (sent <= 0) return;
      done += static_cast<std::size_t>(sent);
    }
  }
  // Until the other side is gone, at most 10 s.
  static void wait_for_end(int client) {
    pollfd polled{client, POLLRDHUP, 0};
    ::poll(&polled, 1, 10'000);
  }
  // The script that answers every request with this line.
  static Script answer(const std::string& line) {
    return [line](int client) {
      read_line(client);
      write_all(client, line + "\n");
    };
  }

 private:
  void serve() {
    for (;;) {
      const UniqueFd client(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!client.valid()) return;
      ++clients_;
      script_(client.get());
    }
  }

  Script script_;
  UniqueFd listening_;
  bool ready_ = false;
  std::atomic<int> clients_{0};
  std::thread thread_;
};

}  // namespace blastune::testing
