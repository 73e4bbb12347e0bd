// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <ostream>

#include "base/atomic_file.h"
#include "base/parse.h"
#include "cli/format.h"
#include "cli/interruption.h"
#include "cli/measuring.h"
#include "cli/progress_bar.h"
#include "cli/question.h"
#include "cli/sweep.h"
#include "cli/target.h"
#include "cli/verbs.h"
#include "topology/candidates.h"
#include "tuner/worker_prober.h"

namespace blastune {
namespace {

constexpr std::int64_t largest_operands = std::int64_t{4} * 1024 * 1024 * 1024;
// Passes that go to the worker together: enough to keep it busy, few enough to stop soon.
constexpr double stretch_flops = 2e9;

struct Options {
  std::string layers;
  std::string batches = "50,100,200,250,260,500,2000,10000,20000";
  std::string threads;
  std::string repeat = "30";
  std::string dtype;
  std::string blas_file;
  std::string csv;
  bool json = false;
};

template <class T>
std::vector<T> ascending(const std::vector<std::int64_t>& values) {
  std::vector<T> sorted(values.begin(), values.end());
  std::ranges::sort(sorted);
  sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  return sorted;
}

Result<SweepSetup> parse_setup(const Options& options) {
  if (options.layers.empty()) {
    return Error{ErrorKind::usage, "which network? --layers is missing",
                 "try `blastune sweep --layers 784,100,50,10`"};
  }
  SweepSetup setup;
  auto network = parse_network(options.layers);
  if (!network) return network.error();
  setup.network = std::move(*network);
  if (!options.dtype.empty()) {
    auto dtype = parse_dtype(options.dtype);
    if (!dtype) return dtype.error();
    setup.dtype = *dtype;
  }
  auto batches = parse_integer_list(options.batches, 1, max_dimension, 1000, "--batches");
  if (!batches) return batches.error();
  setup.batches = ascending<std::int64_t>(*batches);
  auto limits = read_thread_limits();
  if (!limits) return limits.error();
  if (options.threads.empty()) {
    setup.counts = candidate_threads(limits->topology, limits->capacity);
  } else {
    auto counts = parse_integer_list(options.threads, 1, limits->capacity.threads, 4096, "--threads");
    if (!counts) {
      Error error = counts.error();
      error.remedy = fmt::format("this process may use {}; see `blastune topology`",
                                 count_text(limits->capacity.threads, "thread"));
      return error;
    }
    setup.counts = ascending<int>(*counts);
  }
  for (const auto& layer : layers_of(setup.network)) {
    const Gemm largest =
        layer_gemm(layer, setup.batches.back(), setup.dtype, Pass::forward, Layout::features_by_batch);
    if (operand_bytes(largest) > static_cast<double>(largest_operands)) {
      return Error{ErrorKind::usage,
                   fmt::format("{} needs {:.1f} GiB for its operands", describe(largest),
                               operand_bytes(largest) / (1024.0 * 1024 * 1024)),
                   "leave out the largest batch sizes; 4 GiB is the most that is measured"};
    }
  }
  return setup;
}

// One repetition, in stretches. False when the user interrupted.
Result<bool> run_repetition(WorkerProber& prober, std::span<const std::vector<BurstRequest>> passes,
                            SweepTimes& times) {
  for (std::size_t first = 0; first < passes.size();) {
    std::vector<BurstRequest> requests;
    std::size_t last = first;
    for (double work = 0; last < passes.size() && work < stretch_flops; ++last) {
      for (const auto& request : passes[last]) {
        requests.push_back(request);
        work += flops(request.gemm) * (request.warm_calls + request.calls);
      }
    }
    const auto results = prober.run(requests);
    if (!results) {
      if (results.error().kind == ErrorKind::interrupted) return false;
      return results.error();
    }
    std::size_t offset = 0;
    for (; first < last; ++first) {
      times.add(passes[first], std::span(*results).subspan(offset, passes[first].size()));
      offset += passes[first].size();
    }
  }
  return !Interruption::requested();
}

Result<ExitStatus> sweep(const Session& session, const Options& options) {
  auto setup = parse_setup(options);
  if (!setup) return setup.error();
  auto repeat = parse_integer(options.repeat, 1, 100'000, "--repeat");
  if (!repeat) return repeat.error();
  if (!options.csv.empty()) {
    // Before anything is measured in vain.
    if (auto made = ensure_directory_of(session.files, options.csv); !made) return made.error();
  }
  auto target = find_target(options.blas_file);
  if (!target) return target.error();

  const Interruption interruption;
  auto prober = start_prober(*target, largest_operands);
  if (!prober) return prober.error();

  Rng rng(static_cast<std::uint64_t>(session.clock.unix_seconds()));
  SweepTimes times;
  bool interrupted = false;
  {
    ProgressBar bar(session.messages, messages_are_seen());
    for (std::int64_t done = 0; done < *repeat && !interrupted; ++done) {
      bar.draw(static_cast<double>(done) / static_cast<double>(*repeat),
               fmt::format("repetition {} of {}", done + 1, *repeat));
      const auto finished = run_repetition(**prober, sweep_passes(*setup, rng), times);
      if (!finished) return finished.error();
      interrupted = !*finished;
    }
  }
  if (times.calls().empty() && !interrupted) {
    return Error{ErrorKind::unavailable,
                 fmt::format("nothing could be measured: {} disturbed by other programs or lost",
                             count_text(times.left_out(), "run")),
                 "try again when the machine is quieter"};
  }
  session.out << (options.json ? sweep_json(*setup, times) : sweep_text(*setup, times));
  if (!options.csv.empty()) {
    if (auto written = write_measurements(session.files, options.csv, times.calls()); !written)
      return written.error();
  }
  if (interrupted) session.note("interrupted; this is what was measured until then");
  return interrupted ? exit_interrupted : exit_done;
}

}  // namespace

void add_sweep_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("sweep", "Time a network's forward pass over batch sizes and counts");
  verb.option("--layers", options->layers, "the network: 784,100,50,10", "LIST");
  verb.option("--batches", options->batches, "batch sizes (default " + options->batches + ")", "LIST");
  verb.option("--threads", options->threads, "constant counts: 1-8 (default all worth measuring)", "LIST");
  verb.option("--repeat", options->repeat, "how often each (default 30)", "N");
  verb.option("--dtype", options->dtype, "f32, f64, c64 or c128 (default f64)", "TYPE");
  verb.option("--blas", options->blas_file, "measure this OpenBLAS file", "FILE");
  verb.option("--csv", options->csv, "also write every call to this file, compressed if it ends in .gz",
              "FILE");
  verb.flag("--json", options->json, "answer as one JSON object");
  verb.does([options](const Session& session) { return sweep(session, *options); });
}

}  // namespace blastune
