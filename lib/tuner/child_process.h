// SPDX-License-Identifier: BSD-3-Clause
//
// A program started, spoken to and ended without waiting for it. For one thread at a time; the thread that
// starts it must live as long, because the kernel kills the child when that thread ends, in whatever way.
//
// What may take time: start() waits until the child has become the program (a fork and an exec,
// milliseconds), and killing waits until the kernel has taken the child away: milliseconds as well, for the
// child gets no say, and never more than half a second. A child that the kernel cannot end by then (it waits
// for a dead disk) is left behind, dead as soon as it wakes, and a zombie as long as this process lives.
//
// The child gets the given environment and no descriptor but its three; it leaves no core file. What it
// writes to standard error is kept in part, for messages; one that floods it is not read any more, and waits
// for ever.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "tuner/readiness.h"

namespace blastune {

// For programs, before anything else: whoever started them may have left SIGCHLD ignored, and then nobody
// learns how a child ended.
void keep_ended_children();

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

  // Readable while there is something to read, the child's end to be noticed (by read_some or try_end), or
  // room for what the last write_some left over. Nothing else makes it readable, and the call takes it away.
  [[nodiscard]] int ready_fd() const { return ready_.fd(); }
  [[nodiscard]] pid_t process() const { return process_; }  // -1 once it is gone

  // How many bytes went; 0 when there is no room or nobody to read. With no bytes: none are left over.
  std::size_t write_some(std::string_view bytes);
  // Appends what there is, up to a bounded amount. False when nothing will come any more.
  bool read_some(std::string& bytes);

  // Lets a child that is ending end, kills one that does not within 0.2 seconds, and says what became of it:
  // "exited with status 1", "was killed by signal 11 (Segmentation fault)". Nothing as long as it has not
  // ended: to be called again when ready_fd() or end_deadline() says so.
  std::optional<std::string> try_end();
  // Monotonic seconds; infinity before the first try_end().
  [[nodiscard]] double end_deadline() const { return look_again_; }
  // The end of what it wrote to standard error, as one printable line; empty when nothing.
  [[nodiscard]] std::string error_text();

 private:
  ChildProcess() = default;
  bool notice_exit();
  void drain_errors();
  void close(UniqueFd& fd);
  void want_room(bool wanted);
  void kill_and_reap();

  static constexpr double never_ = std::numeric_limits<double>::infinity();

  pid_t process_ = -1;  // -1 once reaped
  int status_ = 0;
  bool status_known_ = false;
  bool exited_ = false;  // the kernel said so
  bool room_wanted_ = false;
  double end_by_ = never_;
  double look_again_ = never_;
  ReadySet ready_;   // of those below; closed after them
  UniqueFd handle_;  // pidfd; invalid on kernels before 5.3
  UniqueFd input_;   // a socket, so that a dead reader raises no signal here
  UniqueFd output_;
  UniqueFd errors_;
  std::string error_tail_;
  std::size_t error_bytes_ = 0;  // read so far
};

// What a measuring process needs of this environment. Everything that could change a BLAS or an OpenMP
// runtime, or put other code into the process, stays behind.
[[nodiscard]] std::vector<std::string> clean_environment(std::span<const char* const> environment);
// The same, of this process.
[[nodiscard]] std::vector<std::string> clean_environment();

}  // namespace blastune
