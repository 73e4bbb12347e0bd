// SPDX-License-Identifier: BSD-3-Clause
//
// One worker process from its start to its hello: it loads a library, which may take long, crash or hang.
// Never waits (what takes time: child_process.h). For one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/worker_protocol.h"
#include "tuner/child_process.h"

namespace blastune {

// What to try for a library that cannot be used.
inline constexpr const char* other_library =
    "name another OpenBLAS with --blas; `blastune doctor` lists those found";

// A library's absolute path, or the bare name that the loader searches for; an Error for what is seen to be
// no library without loading it. Reads the file's first bytes.
Result<std::string> loadable_path(const std::string& file);

struct WorkerOrder {
  std::string worker;
  std::string blas_file;  // a loadable_path
  bool identify_only = false;
  std::int64_t max_operand_bytes = 1;
  double load_seconds = 30;
};

class WorkerLaunch {
 public:
  static Result<WorkerLaunch> start(WorkerOrder order);

  // The hello, or why there is none, once; nothing as long as the worker is loading.
  std::optional<Result<WorkerHello>> advance();
  // As readiness.h says.
  [[nodiscard]] int ready_fd() const { return child_.ready_fd(); }
  [[nodiscard]] double deadline() const;

  [[nodiscard]] pid_t process() const { return child_.process(); }
  // After its hello.
  ChildProcess take_child() && { return std::move(child_); }

 private:
  WorkerLaunch(WorkerOrder order, ChildProcess child, double give_up_at)
      : order_(std::move(order)), child_(std::move(child)), give_up_at_(give_up_at) {}
  Result<WorkerHello> judge(const Result<std::optional<std::string>>& line) const;

  WorkerOrder order_;
  ChildProcess child_;
  double give_up_at_;
  bool ending_ = false;
  LineSplitter lines_{max_answer_line};
};

// The last of what a worker wrote to standard error, to follow what became of it; empty when nothing.
[[nodiscard]] std::string last_words(ChildProcess& child);

}  // namespace blastune
