// SPDX-License-Identifier: BSD-3-Clause
//
// The real prober: a worker process for one OpenBLAS build. For one thread at a time, and that thread must
// live as long as the prober.
//
// Whatever the worker does costs at most the burst it was at: one that hangs or answers nonsense is ended
// and the burst is lost; one that dies is started again and the burst is given up when it dies at it twice.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/burst.h"
#include "model/worker_protocol.h"
#include "tuner/child_process.h"
#include "tuner/prober.h"

namespace blastune {

struct WorkerProberOptions {
  std::int64_t max_operand_bytes = std::int64_t{512} * 1024 * 1024;
  // Asked about ten times a second while something runs; true ends the run with ErrorKind::interrupted.
  std::function<bool()> interrupted;
  double load_seconds = 30;              // for loading the library and saying hello
  double least_burst_seconds = 10;       // for any burst; more is added for the work it is
  std::size_t max_restarts_in_vain = 8;  // without a single good answer between them, then it is over
};

class WorkerProber final : public Prober {
 public:
  // blas_file: a path, or a bare name that the loader searches for. Says why when it is no usable OpenBLAS.
  static Result<std::unique_ptr<WorkerProber>> start(std::string worker, const std::string& blas_file,
                                                     WorkerProberOptions options = {});

  Result<std::vector<std::optional<BurstResult>>> run(std::span<const BurstRequest> requests) override;

  [[nodiscard]] const Build& build() const { return hello_.build; }
  [[nodiscard]] int default_threads() const { return hello_.default_threads; }
  // None: this build's count cannot be changed safely, so there is nothing to choose.
  [[nodiscard]] CountSetter setter() const { return hello_.setter; }
  // Why the last lost burst was lost; empty when none was.
  [[nodiscard]] const std::string& last_loss() const { return last_loss_; }
  [[nodiscard]] std::int64_t lost_bursts() const { return lost_bursts_; }
  [[nodiscard]] std::int64_t restarts() const { return restarts_; }

 private:
  // One run's requests, and how far it came.
  struct Batch {
    std::span<const BurstRequest> requests;
    std::vector<std::optional<BurstResult>> results;
    std::size_t next = 0;    // the oldest without an answer
    int deaths_at_next = 0;  // of workers
    std::uint64_t first_number = 0;
  };
  enum class Ended { finished, died, failed_burst };

  WorkerProber(std::string worker, std::string blas_file, WorkerProberOptions options)
      : worker_(std::move(worker)), blas_file_(std::move(blas_file)), options_(std::move(options)) {}

  Result<WorkerHello> launch();
  Result<void> relaunch();
  Result<Ended> exchange(Batch& batch);
  Result<Ended> take_answers(Batch& batch, LineSplitter& lines, std::size_t& answered);
  void lose(Batch& batch, std::string why);
  [[nodiscard]] bool is_interrupted() const { return options_.interrupted && options_.interrupted(); }
  [[nodiscard]] WorkerRequest numbered(const Batch& batch, std::size_t index) const;
  // Ends the worker and describes its end and its last words.
  std::string end_worker();

  std::string worker_;
  std::string blas_file_;
  WorkerProberOptions options_;
  WorkerHello hello_;
  std::optional<ChildProcess> child_;
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
