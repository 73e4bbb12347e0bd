// SPDX-License-Identifier: BSD-3-Clause
//
// The signals that steer the service, as a descriptor to wait for. While it lives they interrupt nothing;
// children get them back (child_process.h).
#pragma once

#include <csignal>

#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

class Signals {
 public:
  // SIGTERM, SIGINT and SIGHUP; SIGPIPE is ignored.
  static Result<Signals> take();

  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next one that has come, or 0.
  [[nodiscard]] int next() const;

 private:
  explicit Signals(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
};

}  // namespace blastune
