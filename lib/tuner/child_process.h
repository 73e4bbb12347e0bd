// SPDX-License-Identifier: BSD-3-Clause
//
// A program started, spoken to and ended without ever blocking on it. For one thread at a time; the thread
// that starts it must live as long (the worker asks to die with it).
//
// The child gets the given environment and no descriptor but its three; it leaves no core file. What it
// writes to standard error is kept in part, for messages.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"

namespace blastune {

struct ChildCommand {
  std::string program;                   // a path; not searched for
  std::vector<std::string> arguments;    // without the program's name
  std::vector<std::string> environment;  // "NAME=value"
};

class ChildProcess {
 public:
  static Result<ChildProcess> start(const ChildCommand& command);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  // Kills it if it runs.
  ~ChildProcess();

  // Until there is something to read, room to write (if wanted), the child's end, a signal to this thread,
  // or so many seconds are over.
  void wait(double seconds, bool to_write);
  // How many bytes went; 0 when there is no room or nobody to read.
  std::size_t write_some(std::string_view bytes);
  // Appends what there is, up to a bounded amount. False when nothing will come any more.
  bool read_some(std::string& bytes);

  // Lets a child that is ending end, kills one that is not, and says what became of it: "exited with
  // status 1", "was killed by signal 11 (Segmentation fault)".
  std::string end();
  // The end of what it wrote to standard error, as one printable line; empty when nothing.
  [[nodiscard]] std::string error_text();

 private:
  ChildProcess() = default;
  void drain_errors();
  void kill_and_reap();

  pid_t process_ = -1;  // -1 once reaped
  int status_ = 0;
  bool status_known_ = false;
  bool exited_ = false;  // the kernel said so
  UniqueFd handle_;      // pidfd; invalid on kernels before 5.3
  UniqueFd input_;       // a socket, so that a dead reader raises no signal here
  UniqueFd output_;
  UniqueFd errors_;
  std::string error_tail_;
};

// What a measuring process needs of this environment. Everything that could change a BLAS or an OpenMP
// runtime, or put other code into the process, stays behind.
[[nodiscard]] std::vector<std::string> clean_environment(std::span<const char* const> environment);
// The same, of this process.
[[nodiscard]] std::vector<std::string> clean_environment();

}  // namespace blastune
