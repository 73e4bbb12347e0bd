// SPDX-License-Identifier: BSD-3-Clause
//
// What the service says to whoever reads its log: changes of state, not heartbeats. To standard error: with
// the priorities that journald understands when that is the journal, with times otherwise. One thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

namespace spdlog {  // NOLINT(readability-identifier-naming): the library's own
class logger;
}

namespace blastune {

class Log {
 public:
  // verbose: debug() is written too.
  explicit Log(bool verbose);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  void error(std::string_view text);
  void error(const Error& error) { this->error(error.text()); }
  void warning(std::string_view text);
  void info(std::string_view text);
  void debug(std::string_view text);

 private:
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace blastune
