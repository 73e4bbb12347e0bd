// SPDX-License-Identifier: BSD-3-Clause
//
// Tells the service manager how the service is, in the datagrams of sd_notify(3). The protocol is a stable
// interface that systemd asks programs to speak without its library where that is all they need of it.
// Without a manager every call does nothing. A message that cannot be sent is lost: the manager's own
// time-outs decide then.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace blastune {

class Notifier {
 public:
  // From $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which it takes out of the environment: children
  // must not speak for the service.
  static Notifier from_environment();

  void ready(std::string_view status);
  void reloading();
  void stopping();
  // One sentence for `systemctl status`; sent only when it has changed.
  void status(std::string_view text);
  // Sent when half of the interval that the manager asked for has passed.
  void alive(double now);
  // Seconds from one alive() to the next; nothing when the manager keeps no watch.
  [[nodiscard]] std::optional<double> alive_interval() const { return alive_interval_; }

 private:
  void send(std::string_view message);

  UniqueFd socket_;
  std::string address_;  // a path, or a name in the abstract space that begins with a zero byte
  std::string last_status_;
  std::optional<double> alive_interval_;
  std::optional<double> last_alive_;
};

}  // namespace blastune
