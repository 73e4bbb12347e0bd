// SPDX-License-Identifier: BSD-3-Clause
#include "tuner/worker_prober.h"

#include <limits>
#include <utility>

#include "base/clock.h"

namespace blastune {
namespace {

double now() {
  SystemClock clock;
  return clock.monotonic_seconds();
}

// How long a burst may take before its worker counts as hung: far more than on the slowest machine beside
// the worst load, since ending too early loses good samples and ending late costs only time.
double patience(const BurstRequest& burst, double least) {
  constexpr double slowest_flops_per_second = 5e8;
  constexpr double slowest_bytes_per_second = 5e7;
  constexpr double stall_seconds_per_call = 0.02;
  const double calls = burst.warm_calls + burst.calls;
  return least + calls * (flops(burst.gemm) / slowest_flops_per_second + stall_seconds_per_call) +
         operand_bytes(burst.gemm) / slowest_bytes_per_second;
}

}  // namespace

Result<WorkerHello> identify_build(const std::string& worker, const std::string& blas_file,
                                   const WorkerProberOptions& options) {
  Result<std::string> path = loadable_path(blas_file);
  if (!path) return path.error();
  Result<WorkerLaunch> launch =
      WorkerLaunch::start({worker, std::move(*path), true, options.max_operand_bytes, options.load_seconds});
  if (!launch) return launch.error();
  return run_to_end(*launch, options.interrupted);
}

Result<std::unique_ptr<WorkerProber>> WorkerProber::launch(std::string worker, const std::string& blas_file,
                                                           WorkerProberOptions options) {
  if (options.max_operand_bytes < 1)
    return Error{ErrorKind::usage, "operands need at least one byte", "allow more memory"};
  Result<std::string> path = loadable_path(blas_file);
  if (!path) return path.error();
  std::unique_ptr<WorkerProber> prober(
      new WorkerProber(std::move(worker), std::move(*path), std::move(options)));
  if (Result<void> opened = prober->ready_.open(); !opened) return opened.error();
  if (Result<void> started = prober->start_worker(); !started) return started.error();
  prober->batch_.emplace(std::vector<BurstRequest>{});
  return prober;
}

Result<std::unique_ptr<WorkerProber>> WorkerProber::start(std::string worker, const std::string& blas_file,
                                                          WorkerProberOptions options) {
  Result<std::unique_ptr<WorkerProber>> prober = launch(std::move(worker), blas_file, std::move(options));
  if (!prober) return prober.error();
  const Result<Answers> loaded = run_to_end(**prober, (*prober)->options_.interrupted);
  if (!loaded) return loaded.error();
  return prober;
}

Result<WorkerProber::Answers> WorkerProber::run(std::span<const BurstRequest> requests) {
  if (Result<void> asked = ask({requests.begin(), requests.end()}); !asked) return asked.error();
  Result<Answers> answers = run_to_end(*this, options_.interrupted);
  abandon();  // after an interruption
  return answers;
}

Result<void> WorkerProber::ask(std::vector<BurstRequest> requests) {
  if (batch_)
    return Error{ErrorKind::usage, "the worker is still at what it was asked before", "wait for its answers"};
  for (const BurstRequest& request : requests) {
    if (Result<void> checked = check_request(request); !checked) return checked.error();
  }
  mind_idle_worker();
  batch_.emplace(std::move(requests));
  if (child_) begin_exchange();
  return {};
}

std::optional<Result<WorkerProber::Answers>> WorkerProber::advance() {
  if (!batch_) {
    mind_idle_worker();
    return std::nullopt;
  }
  // Each turn is a step of the worker's life, of which few can follow without waiting.
  while (true) {
    if (launch_) {
      std::optional<Result<WorkerHello>> hello = launch_->advance();
      if (!hello) return std::nullopt;
      if (Result<void> greeted = greet(std::move(*hello)); !greeted) return fail(greeted.error());
    }
    if (batch_->next == batch_->requests.size()) {
      // Says more than it was asked, or answers unheard: the next batch gets a fresh one.
      if (exchange_.lines.pending() != 0 || !exchange_.unsent.empty()) forget_worker();
      Answers answers = std::move(batch_->results);
      batch_.reset();
      return answers;
    }
    if (!child_) {
      if (Result<void> started = restart_worker(); !started) return fail(started.error());
      continue;
    }
    if (!take_part(*batch_)) return std::nullopt;
  }
}

double WorkerProber::deadline() const {
  if (!batch_) return std::numeric_limits<double>::infinity();
  if (launch_) return launch_->deadline();
  if (!child_ || batch_->next == batch_->requests.size()) return 0;
  if (exchange_.dying) return child_->end_deadline();
  return exchange_.answer_came + patience(batch_->requests[batch_->next], options_.least_burst_seconds);
}

std::optional<pid_t> WorkerProber::process() const {
  const pid_t process = launch_ ? launch_->process() : child_ ? child_->process() : -1;
  return process < 0 ? std::nullopt : std::optional<pid_t>(process);
}

void WorkerProber::abandon() {
  if (!batch_) return;
  batch_.reset();
  // Its pipes are full of requests that nobody wants any more.
  forget_worker();
}

std::optional<Result<WorkerProber::Answers>> WorkerProber::fail(Error error) {
  unfinished_ = std::move(batch_->results);
  unfinished_.resize(batch_->next);
  batch_.reset();
  forget_worker();
  return error;
}

void WorkerProber::forget_worker() {
  if (launch_) ready_.remove(launch_->ready_fd());
  if (child_) ready_.remove(child_->ready_fd());
  launch_.reset();
  child_.reset();
  exchange_ = Exchange{};
}

// One that speaks unasked, or has ended, is not the one to ask next.
void WorkerProber::mind_idle_worker() {
  if (!child_) return;
  std::string bytes;
  if (!child_->read_some(bytes) || !bytes.empty()) forget_worker();
}

Result<void> WorkerProber::start_worker() {
  Result<WorkerLaunch> launch =
      WorkerLaunch::start({worker_, blas_file_, false, options_.max_operand_bytes, options_.load_seconds});
  if (!launch) return launch.error();
  launch_.emplace(std::move(*launch));
  return ready_.add(launch_->ready_fd(), ReadySet::For::reading);
}

Result<void> WorkerProber::restart_worker() {
  if (restarts_in_vain_ >= options_.max_restarts_in_vain) {
    return Error{ErrorKind::unavailable,
                 "the worker for " + blas_file_ + " failed " + std::to_string(restarts_in_vain_) +
                     " times on end; last at " + last_loss_,
                 other_library};
  }
  ++restarts_in_vain_;
  ++restarts_;
  return start_worker();
}

Result<void> WorkerProber::greet(Result<WorkerHello> hello) {
  if (!hello) return hello.error();
  if (build_known_ && (!same_build(hello->build, hello_.build) || hello->setter != hello_.setter)) {
    return Error{ErrorKind::foreign, blas_file_ + " became another build while it was measured",
                 "start again; what was measured belongs to the former build"};
  }
  if (!build_known_) hello_ = std::move(*hello);
  build_known_ = true;
  child_.emplace(std::move(*launch_).take_child());  // in the set it stays
  launch_.reset();
  begin_exchange();
  return {};
}

WorkerRequest WorkerProber::numbered(const Batch& batch, std::size_t index) const {
  return WorkerRequest{exchange_.first_number + index, batch.requests[index]};
}

void WorkerProber::lose(Batch& batch, std::string why) {
  last_loss_ = describe(batch.requests[batch.next].gemm) + " with " +
               std::to_string(batch.requests[batch.next].threads) + " threads: " + std::move(why);
  ++lost_bursts_;
  ++batch.next;
  batch.deaths_at_next = 0;
}

// Sends what is not answered yet.
void WorkerProber::begin_exchange() {
  exchange_ = Exchange{};
  exchange_.first_number = next_number_ - batch_->next;
  // Numbers are never used twice, so no answer can be taken for another's.
  next_number_ = exchange_.first_number + batch_->requests.size();
  for (std::size_t i = batch_->next; i < batch_->requests.size(); ++i)
    exchange_.unsent += encode(numbered(*batch_, i)) + '\n';
  exchange_.unsent.erase(0, child_->write_some(exchange_.unsent));
  exchange_.answer_came = now();
}

// False when the worker has to be waited for; else the batch is answered or the worker is gone.
bool WorkerProber::take_part(Batch& batch) {
  if (!exchange_.dying) {
    if (!exchange_.unsent.empty()) exchange_.unsent.erase(0, child_->write_some(exchange_.unsent));
    std::string bytes;
    exchange_.dying = !child_->read_some(bytes);
    exchange_.lines.add(bytes);
    if (!take_answers(batch) || batch.next == batch.requests.size()) return true;
    if (!exchange_.dying) {
      if (now() < deadline()) return false;
      forget_worker();
      lose(batch, "no answer for too long");
      return true;
    }
  }
  const std::optional<std::string> ended = child_->try_end();
  if (!ended) return false;
  const std::string end = "the worker " + *ended + last_words(*child_);
  forget_worker();
  last_loss_ = end;
  if (++batch.deaths_at_next >= 2) lose(batch, end + ", twice");
  return true;
}

// All answers that have come. False when one made no sense: the worker is gone, and the burst.
bool WorkerProber::take_answers(Batch& batch) {
  while (batch.next < batch.requests.size()) {
    const Result<std::optional<std::string>> line = exchange_.lines.next();
    if (line && !*line) break;
    Result<WorkerAnswer> answer =
        line ? decode_answer(**line, numbered(batch, batch.next)) : Result<WorkerAnswer>(line.error());
    if (!answer) {
      forget_worker();
      lose(batch, "the worker answered nonsense: " + answer.error().what);
      return false;
    }
    exchange_.answer_came = now();
    restarts_in_vain_ = 0;
    if (!answer->result) {
      lose(batch, answer->reason);
      continue;
    }
    batch.results[batch.next] = std::move(*answer->result);
    ++batch.next;
    batch.deaths_at_next = 0;
  }
  return true;
}

}  // namespace blastune
