// SPDX-License-Identifier: BSD-3-Clause
//
// The real prober: a worker process for one OpenBLAS build. For one thread at a time, and that thread must
// live as long as the prober.
//
// It can be used in two ways. start() and run() wait. launch(), ask() and advance() do not, for a program
// that has other things to mind: such a program calls advance() whenever ready_fd() is readable, be anything
// asked or not, and at the deadline() (readiness.h; what takes time nevertheless: child_process.h).
//
// Whatever the worker does costs at most the burst it was at: one that hangs or answers nonsense is ended
// and the burst is lost; one that dies is started again and the burst is given up when it dies at it twice.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/burst.h"
#include "model/worker_protocol.h"
#include "tuner/child_process.h"
#include "tuner/prober.h"
#include "tuner/readiness.h"
#include "tuner/worker_launch.h"

namespace blastune {

struct WorkerProberOptions {
  std::int64_t max_operand_bytes = std::int64_t{512} * 1024 * 1024;
  // Asked about ten times a second by what waits; true ends it with ErrorKind::interrupted.
  std::function<bool()> interrupted;
  double load_seconds = 30;              // for loading the library and saying hello
  double least_burst_seconds = 10;       // for any burst; more is added for the work it is
  std::size_t max_restarts_in_vain = 8;  // without a single good answer between them, then it is over
};

class WorkerProber final : public Prober {
 public:
  using Answers = std::vector<std::optional<BurstResult>>;

  // blas_file: a path, or a bare name that the loader searches for. Says why when it is no usable OpenBLAS.
  static Result<std::unique_ptr<WorkerProber>> start(std::string worker, const std::string& blas_file,
                                                     WorkerProberOptions options = {});

  // As the interface says. Not while something asked without waiting is under way.
  Result<Answers> run(std::span<const BurstRequest> requests) override;

  // The same in steps. The prober is there before its worker has loaded the library; until advance() has
  // said that it did, with no answers, as if that had been asked, nothing is known of the build.
  static Result<std::unique_ptr<WorkerProber>> launch(std::string worker, const std::string& blas_file,
                                                      WorkerProberOptions options = {});
  // A usage error, and nothing is asked, when a request cannot be meant or something is under way. A worker
  // that is not there is started by the next advance().
  Result<void> ask(std::vector<BurstRequest> requests);
  // What run() would return, once for each ask(). Nothing while that is under way, or when nothing is.
  std::optional<Result<Answers>> advance();
  // After advance() has failed: what was asked and dealt with before, lost bursts without a result. The first
  // requests, in their order; once.
  Answers take_unfinished() { return std::exchange(unfinished_, {}); }
  // Gives up what is under way, with its worker: the next ask() has another one started. Counts as no loss.
  void abandon();
  [[nodiscard]] bool busy() const { return batch_.has_value(); }
  [[nodiscard]] int ready_fd() const { return ready_.fd(); }
  [[nodiscard]] double deadline() const;

  // The worker's, while there is one: for its share of the processors.
  [[nodiscard]] std::optional<pid_t> process() const;
  [[nodiscard]] const Build& build() const { return hello_.build; }
  [[nodiscard]] int default_threads() const { return hello_.default_threads; }
  // None: this build's count cannot be changed safely, so there is nothing to choose.
  [[nodiscard]] CountSetter setter() const { return hello_.setter; }
  // Why the last lost burst was lost; empty when none was.
  [[nodiscard]] const std::string& last_loss() const { return last_loss_; }
  [[nodiscard]] std::int64_t lost_bursts() const { return lost_bursts_; }
  [[nodiscard]] std::int64_t restarts() const { return restarts_; }

 private:
  // What was asked, and how far it came.
  struct Batch {
    explicit Batch(std::vector<BurstRequest> asked) : requests(std::move(asked)), results(requests.size()) {}

    std::vector<BurstRequest> requests;
    Answers results;
    std::size_t next = 0;    // the oldest without an answer
    int deaths_at_next = 0;  // of workers
  };
  // One worker's part of a batch.
  struct Exchange {
    std::uint64_t first_number = 0;  // of the batch's first request
    std::string unsent;
    LineSplitter lines{max_answer_line};
    double answer_came = 0;
    bool dying = false;
  };

  WorkerProber(std::string worker, std::string blas_file, WorkerProberOptions options)
      : worker_(std::move(worker)), blas_file_(std::move(blas_file)), options_(std::move(options)) {}

  Result<void> start_worker();
  Result<void> restart_worker();
  Result<void> greet(Result<WorkerHello> hello);
  void begin_exchange();
  bool take_part(Batch& batch);
  bool take_answers(Batch& batch);
  void lose(Batch& batch, std::string why);
  void forget_worker();
  void mind_idle_worker();
  std::optional<Result<Answers>> fail(Error error);
  [[nodiscard]] WorkerRequest numbered(const Batch& batch, std::size_t index) const;

  std::string worker_;
  std::string blas_file_;
  WorkerProberOptions options_;
  WorkerHello hello_;
  bool build_known_ = false;
  ReadySet ready_;                      // of the worker, whichever there is
  std::optional<WorkerLaunch> launch_;  // a worker before its hello
  std::optional<ChildProcess> child_;   // and after it
  std::optional<Batch> batch_;
  Answers unfinished_;
  Exchange exchange_;
  std::uint64_t next_number_ = 1;
  std::size_t restarts_in_vain_ = 0;
  std::int64_t restarts_ = 0;
  std::int64_t lost_bursts_ = 0;
  std::string last_loss_;
};

// Loads the file in a worker and brings back what it is, without measuring anything.
Result<WorkerHello> identify_build(const std::string& worker, const std::string& blas_file,
                                   const WorkerProberOptions& options = {});

}  // namespace blastune
