// SPDX-License-Identifier: BSD-3-Clause
#include "cli/replay.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>
#include <utility>

#include "base/parse.h"
#include "cli/configuration.h"
#include "cli/format.h"
#include "cli/interruption.h"
#include "cli/progress_bar.h"
#include "cli/recorded_file.h"
#include "store/table_keeper.h"
#include "tuner/planner.h"
#include "tuner/recorded_table.h"
#include "tuner/replay_prober.h"
#include "tuner/tune_run.h"

namespace blastune {
namespace {

// Where time is not what measuring costs: as many calls of a gemm, on average, and so certain a choice.
constexpr std::int64_t samples_of_gemm = 40;
constexpr double acceptable_regret = 0.001;

Result<std::vector<int>> counts_to_compare(const ReplayRequest& request, const Recording& recording) {
  const auto recorded = recording.counts();
  if (request.threads.empty()) return recorded;
  auto asked = parse_integer_list(request.threads, 1, recorded.back(), 4096, "--threads");
  if (!asked) {
    Error error = asked.error();
    error.remedy =
        fmt::format("{} has counts from {} to {}", request.file, recorded.front(), recorded.back());
    return error;
  }
  std::vector<int> counts;
  for (const int count : recorded) {
    if (std::ranges::find(*asked, count) != asked->end()) counts.push_back(count);
  }
  if (counts.empty()) {
    return Error{ErrorKind::usage, "--threads names no count that " + request.file + " has calls of",
                 fmt::format("it has {}, from {} to {}",
                             count_text(static_cast<std::int64_t>(recorded.size()), "count"),
                             recorded.front(), recorded.back())};
  }
  return counts;
}

struct Outcome {
  Table table;
  Progress progress;
  std::size_t gemms = 0;
  std::int64_t samples = 0;
  std::size_t left_out = 0;
  std::string path;
};

void print(const Session& session, const Outcome& outcome, bool json) {
  const double gemms = static_cast<double>(std::max<std::size_t>(outcome.gemms, 1));
  const double samples_per_gemm = static_cast<double>(outcome.samples) / gemms;
  // Each pair's first recorded call was passed over where there were more.
  const double with_cold = samples_per_gemm + static_cast<double>(outcome.left_out) / gemms;
  if (json) {
    const nlohmann::ordered_json summary{
        {"schema", 1},
        {"table",
         outcome.path.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(outcome.path)},
        {"build", describe(outcome.table.build)},
        {"curves", outcome.table.curves.size()},
        {"settled", outcome.progress.settled},
        {"gemms", outcome.gemms},
        {"samples", outcome.samples},
        {"samples_per_gemm", samples_per_gemm},
        {"cold_calls_passed_over", outcome.left_out},
        {"calls_per_gemm", with_cold},
        {"recorded_seconds", outcome.progress.spent_seconds},
        {"interrupted", Interruption::requested()}};
    session.out << summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  session.out << fmt::format(
      "{}: {}, {} of {} settled\n"
      "{} samples of recorded calls used, {:.1f} a gemm ({:.1f} with the cold calls passed over), {} of "
      "recorded "
      "time\n{}\n",
      describe(outcome.table.build),
      count_text(static_cast<std::int64_t>(outcome.table.curves.size()), "curve"), outcome.progress.settled,
      outcome.gemms, outcome.samples, samples_per_gemm, with_cold,
      seconds_text(outcome.progress.spent_seconds),
      outcome.path.empty() ? "the table is kept with --output FILE only" : "table: " + outcome.path);
}

}  // namespace

Result<ExitStatus> replay(const Session& session, const ReplayRequest& request) {
  const auto config = read_config(session);
  if (!config) return config.error();
  const auto recording = read_recording(session, request.file);
  if (!recording) return recording.error();
  auto counts = counts_to_compare(request, *recording);
  if (!counts) return counts.error();
  Plan plan;
  plan.grid = recording->gemms();
  if (!request.dtypes.empty()) {
    std::erase_if(plan.grid, [&](const Gemm& gemm) {
      return std::ranges::find(request.dtypes, gemm.dtype) == request.dtypes.end();
    });
  }
  if (plan.grid.empty()) {
    return Error{ErrorKind::usage, request.file + " has no call of the types that --dtype names",
                 "leave --dtype away to use all that were recorded"};
  }
  std::optional<TableKeeper> keeper;
  if (!request.output.empty()) {
    auto opened = open_output(session, request.output);
    if (!opened) return opened.error();
    keeper.emplace(std::move(*opened));
    note_other_tables(session, *keeper);
  }

  Outcome outcome;
  outcome.table = table_of_recorded_machine(*recording, file_name_of(request.file), "replayed");
  outcome.table.tolerance = config->tolerance;
  outcome.gemms = plan.grid.size();
  PlannerOptions options;
  options.budget_seconds = request.budget_seconds.value_or(std::numeric_limits<double>::infinity());
  options.tolerance = config->tolerance;
  options.calls_of_burst = 1;
  options.lost_is_gone = true;
  options.acceptable_regret = acceptable_regret;
  options.most_bursts = samples_of_gemm * static_cast<std::int64_t>(plan.grid.size());
  const Interruption interruption;
  ManualClock clock;
  ReplayProber prober(*recording, clock);
  Planner planner(plan, *counts, outcome.table, options);
  ProgressBar bar(session.messages, messages_are_seen());
  const auto ran = run_tune(planner, prober, clock, [&](const Progress& progress) {
    bar.draw(static_cast<double>(progress.bursts) / static_cast<double>(options.most_bursts),
             fmt::format("{} calls asked for", progress.bursts));
    return !Interruption::requested();
  });
  bar.clear();
  if (!ran) return ran.error();
  outcome.progress = planner.progress();
  outcome.samples = prober.used();
  outcome.left_out = prober.passed_over();
  outcome.table.spent_seconds = outcome.progress.spent_seconds;
  outcome.table.measured_unix = outcome.table.checked_unix = session.clock.unix_seconds();
  for (const auto& curve : planner.measured()) outcome.table.add(curve);
  if (outcome.table.curves.empty()) {
    if (Interruption::requested()) {
      session.note("interrupted before anything was known");
      return exit_interrupted;
    }
    return Error{ErrorKind::unavailable, "the budget was spent before anything was known",
                 "give a larger --budget, in recorded time, or none"};
  }
  if (keeper) {
    if (auto kept = keeper->keep(outcome.table); !kept) return kept.error();
    outcome.path = keeper->path();
  }
  print(session, outcome, request.json);
  if (!Interruption::requested()) return exit_done;
  session.note("interrupted; this is what was asked until then");
  return exit_interrupted;
}

}  // namespace blastune
