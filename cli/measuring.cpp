// SPDX-License-Identifier: BSD-3-Clause
#include "cli/measuring.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "cli/interruption.h"
#include "cli/progress_bar.h"
#include "tuner/tune_run.h"
#include "tuner/worker_prober.h"

namespace blastune {
namespace {

constexpr double checkpoint_seconds = 30;

Table with_measured(const Table& known, const Target& target, double tolerance, const Planner& planner,
                    std::int64_t now) {
  Table table = known;
  table.tolerance = tolerance;
  table.machine = target.machine;
  table.build = target.library.build;
  // A process that may use fewer processors sees a smaller default; the table speaks for the machine.
  table.default_threads = known.curves.empty()
                              ? target.library.default_threads
                              : std::max(known.default_threads, target.library.default_threads);
  table.spent_seconds += planner.progress().spent_seconds;
  const auto fresh = planner.measured();
  if (!fresh.empty()) {
    table.measured_unix = table.checked_unix = now;
    table.occasions = known.curves.empty() ? 1 : known.occasions + 1;
  }
  for (const auto& curve : fresh) table.add_later(curve);
  return table;
}

void draw(ProgressBar& bar, const Progress& progress) {
  const double left = std::max(0.0, progress.budget_seconds - progress.spent_seconds);
  const double by_time = progress.spent_seconds / progress.budget_seconds;
  const double by_gemms =
      progress.gemms == 0 ? 1 : static_cast<double>(progress.settled) / static_cast<double>(progress.gemms);
  bar.draw(std::max(by_time, by_gemms), fmt::format("{} of {} gemms settled, at most {:.0f} s left",
                                                    progress.settled, progress.gemms, left));
}

}  // namespace

Result<std::unique_ptr<WorkerProber>> start_prober(const Target& target, std::int64_t max_operand_bytes) {
  WorkerProberOptions options;
  options.interrupted = [] { return Interruption::requested(); };
  options.max_operand_bytes = max_operand_bytes;
  auto prober = WorkerProber::start(target.worker, target.blas_file, options);
  if (!prober) return prober.error();
  if ((*prober)->setter() == CountSetter::none && target.library.build.threading != Threading::serial) {
    return Error{
        ErrorKind::unavailable,
        "the thread count of " + describe(target.library.build) + " cannot be changed safely at run time",
        "use another build of OpenBLAS; `blastune doctor` lists those on this machine"};
  }
  return prober;
}

Result<Measured> measure(const Session& session, const Target& target, Table known,
                         MeasuringRequest request) {
  const Interruption interruption;
  auto prober = start_prober(target, request.max_operand_bytes);
  if (!prober) return prober.error();
  Planner planner(std::move(request.plan), std::move(request.counts), known, request.options);
  ProgressBar bar(session.messages, messages_are_seen());
  double last_checkpoint = 0;
  const auto observe = [&](const Progress& progress) {
    draw(bar, progress);
    if (request.checkpoint && progress.spent_seconds - last_checkpoint >= checkpoint_seconds) {
      last_checkpoint = progress.spent_seconds;
      request.checkpoint(
          with_measured(known, target, request.options.tolerance, planner, session.clock.unix_seconds()));
    }
    return !Interruption::requested();
  };
  const auto ran = run_tune(planner, **prober, session.clock, observe);
  bar.clear();

  Measured measured;
  measured.progress = planner.progress();
  measured.interrupted = Interruption::requested();
  if (!ran && !measured.interrupted) {
    if (planner.measured().empty()) return ran.error();
    measured.trouble = ran.error().text();
  }
  measured.table =
      with_measured(known, target, request.options.tolerance, planner, session.clock.unix_seconds());
  return measured;
}

}  // namespace blastune
