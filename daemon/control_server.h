// SPDX-License-Identifier: BSD-3-Clause
//
// Answers on /run/blastune/control: a client says one line, gets one line, and is gone. Nobody can keep it
// busy: lines are bounded, so is the time for one, and when too many clients are there the one that has been
// there for longest goes. Driven by the event loop; never blocks.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "control/control_message.h"
#include "daemon/event_loop.h"

namespace blastune {

class ControlServer {
 public:
  // is_trusted: the client is root, the service's own user, or in its group. `answer` gives the whole reply.
  using Answer = std::function<ControlReply(ControlRequest request, bool is_trusted)>;

  // Takes the place of a socket that a killed service left; anything else of that name is an error.
  static Result<std::unique_ptr<ControlServer>> open(std::string path, EventLoop& loop, Clock& clock,
                                                     Answer answer);

  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  // Removes the socket's name.
  ~ControlServer();

  // Drops clients whose time is over, listens again after a pause, and says in how many seconds to call
  // again.
  double drop_slow_clients();

 private:
  struct Client {
    UniqueFd socket;
    double deadline = 0;
    bool is_trusted = false;
    uid_t user = 0;
    std::string received;
    std::string reply;
    std::size_t sent = 0;
  };
  using Place = std::list<Client>::iterator;

  ControlServer(std::string path, EventLoop& loop, Clock& clock, Answer answer);
  Result<void> listen();
  void accept_clients();
  void serve(Place client, std::uint32_t events);
  // False when the client is to be dropped.
  bool receive(Client& client);
  bool send(Client& client);
  void drop(Place client);
  void make_room();

  std::string path_;
  EventLoop& loop_;
  Clock& clock_;
  Answer answer_;
  UniqueFd listener_;
  std::optional<double> listens_from_;  // a client that cannot be taken would end every wait at once
  std::list<Client> clients_;           // oldest first
};

}  // namespace blastune
