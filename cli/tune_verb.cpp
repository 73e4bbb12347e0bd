// SPDX-License-Identifier: BSD-3-Clause
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <ostream>

#include "base/parse.h"
#include "cli/answering.h"
#include "cli/configuration.h"
#include "cli/format.h"
#include "cli/measuring.h"
#include "cli/question.h"
#include "cli/recorded_file.h"
#include "cli/replay.h"
#include "cli/verbs.h"
#include "store/table_keeper.h"
#include "topology/candidates.h"
#include "tuner/configured_plan.h"

namespace blastune {
namespace {

constexpr double quick_budget_seconds = 5;
constexpr double longest_budget_seconds = 24 * 3600;
constexpr double busy_share = 0.25;  // of bursts thrown away, above which that is told

struct Options {
  std::string budget;
  std::string blas_file;
  std::string dtypes;
  std::string threads;
  std::string output;
  std::string replay;
  bool quick = false;
  bool json = false;
};

// The counts asked for, or all that are worth measuring. One thread is always among them: every other count
// is judged against it.
Result<std::vector<int>> parse_counts(const std::string& text, const ThreadLimits& limits) {
  if (text.empty()) return candidate_threads(limits.topology, limits.capacity);
  auto asked = parse_integer_list(text, 1, limits.capacity.threads, 4096, "--threads");
  if (!asked) {
    Error error = asked.error();
    error.remedy = fmt::format("this process may use {}; see `blastune topology`",
                               count_text(limits.capacity.threads, "thread"));
    return error;
  }
  std::vector<int> counts{1};
  for (const auto count : *asked) counts.push_back(static_cast<int>(count));
  std::ranges::sort(counts);
  counts.erase(std::unique(counts.begin(), counts.end()), counts.end());
  return counts;
}

void print_summary(const Session& session, const Measured& measured, const std::string& path, bool json) {
  const Table& table = measured.table;
  const Progress& progress = measured.progress;
  if (json) {
    const nlohmann::ordered_json summary{{"schema", 1},
                                         {"table", path},
                                         {"build", describe(table.build)},
                                         {"build_id", table.build.build_id},
                                         {"curves", table.curves.size()},
                                         {"settled", progress.settled},
                                         {"gemms", progress.gemms},
                                         {"bursts", progress.bursts},
                                         {"disturbed", progress.disturbed},
                                         {"lost", progress.lost},
                                         {"spent_seconds", progress.spent_seconds},
                                         {"interrupted", measured.interrupted}};
    session.out << summary.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  session.out << fmt::format(
      "{}: {} known; {} of {} gemms settled in this run, by {} in {}\n", describe(table.build),
      count_text(static_cast<std::int64_t>(table.curves.size()), "curve"), progress.settled, progress.gemms,
      count_text(progress.bursts, "burst"), seconds_text(progress.spent_seconds));
  if (progress.disturbed > 0) {
    session.out << fmt::format("{} thrown away because other programs used the processors\n",
                               count_text(progress.disturbed, "burst"));
  }
  if (progress.lost > 0) session.out << count_text(progress.lost, "burst") << " lost\n";
  if (static_cast<double>(progress.disturbed) > busy_share * static_cast<double>(progress.bursts)) {
    session.note(
        "the machine was busy, which answers suffer from; tune again when it is quiet, and see `blastune "
        "verify`");
  }
  session.out << "table: " << path << '\n';
}

// Why a run that was not interrupted brought nothing new, if it did not.
std::optional<Error> nothing_measured(const Measured& measured) {
  const Progress& progress = measured.progress;
  if (measured.interrupted || progress.bursts > progress.lost + progress.disturbed) return std::nullopt;
  if (progress.settled == progress.gemms && progress.bursts == 0) {
    if (progress.gemms > 0) return std::nullopt;
    return Error{ErrorKind::unavailable, describe(measured.table.build) + " runs everything on one thread",
                 "there is nothing to tune"};
  }
  return Error{ErrorKind::unavailable,
               fmt::format("nothing could be measured: {} disturbed by other programs, {} lost",
                           count_text(progress.disturbed, "burst"), progress.lost),
               "try again when the machine is quieter"};
}

Result<ExitStatus> tune_recorded(const Session& session, const Options& options) {
  if (options.quick || !options.blas_file.empty()) {
    return Error{ErrorKind::usage,
                 fmt::format("{} is about this machine, and --replay about a recorded one",
                             options.quick ? "--quick" : "--blas"),
                 "leave one of them away"};
  }
  ReplayRequest request{options.replay, options.output, {}, {}, options.threads, options.json};
  if (!options.budget.empty()) {
    const auto parsed = parse_duration(options.budget, 1e-6, longest_budget_seconds, "--budget");
    if (!parsed) return parsed.error();
    request.budget_seconds = *parsed;
  }
  if (!options.dtypes.empty()) {
    auto dtypes = parse_dtypes(options.dtypes);
    if (!dtypes) return dtypes.error();
    request.dtypes = std::move(*dtypes);
  }
  return replay(session, request);
}

Result<ExitStatus> tune(const Session& session, const Options& options) {
  if (!options.replay.empty()) return tune_recorded(session, options);
  auto config = read_config(session);
  if (!config) return config.error();
  double budget = options.quick ? quick_budget_seconds : config->budget_seconds;
  if (!options.budget.empty()) {
    auto parsed = parse_duration(options.budget, 0.1, longest_budget_seconds, "--budget");
    if (!parsed) return parsed.error();
    budget = *parsed;
  }
  if (!options.dtypes.empty()) {
    auto dtypes = parse_dtypes(options.dtypes);
    if (!dtypes) return dtypes.error();
    config->dtypes = std::move(*dtypes);
  }
  auto limits = read_thread_limits();
  if (!limits) return limits.error();
  auto counts = parse_counts(options.threads, *limits);
  if (!counts) return counts.error();
  auto target = find_target(options.blas_file);
  if (!target) return target.error();

  auto keeper = open_output(session, options.output);
  if (!keeper) return keeper.error();
  MeasuringRequest request;
  request.plan = make_plan(plan_options(*config, options.quick, counts->back()), target->library.build);
  request.counts = std::move(*counts);
  request.max_operand_bytes = config->max_operand_bytes;
  request.options.budget_seconds = budget;
  request.options.tolerance = config->tolerance;
  request.options.measure_known_again = true;
  request.options.seed = static_cast<std::uint64_t>(session.clock.unix_seconds());
  request.checkpoint = [&](const Table& table) {
    if (auto kept = keeper->keep(table); !kept) session.note("not saved yet: " + kept.error().text());
  };
  auto measured =
      measure(session, *target, keeper->known(target->machine, target->library.build), std::move(request));
  if (!measured) return measured.error();
  if (auto error = nothing_measured(*measured)) return *error;
  if (measured->table.curves.empty()) {
    if (measured->interrupted) {
      session.note("interrupted before anything was measured");
      return exit_interrupted;
    }
    return Error{ErrorKind::unavailable, "no gemm was measured with every count before the budget was spent",
                 "give a larger --budget, or try again when the machine is quieter"};
  }
  if (auto kept = keeper->keep(measured->table); !kept) return kept.error();
  print_summary(session, *measured, keeper->path(), options.json);
  if (!measured->trouble.empty()) session.note("ended early: " + measured->trouble);
  if (measured->interrupted) {
    session.note("interrupted; what was measured is kept, another `blastune tune` continues");
    return exit_interrupted;
  }
  return measured->trouble.empty() ? exit_done : exit_failed;
}

}  // namespace

void add_tune_verb(CommandLine& program) {
  auto options = std::make_shared<Options>();
  Verb verb = program.add_verb("tune", "Measure this machine and keep the result; a second run adds to it");
  verb.option("--budget", options->budget, "how long at most: 30s, 2m (default as configured, else 30s)",
              "TIME");
  verb.flag("--quick", options->quick, "forward passes and a coarse sample only, 5 s");
  verb.option("--blas", options->blas_file, "measure this OpenBLAS file", "FILE");
  verb.option("--dtype", options->dtypes, "f32, f64, c64, c128 or several (default as configured)", "TYPES");
  verb.option("--threads", options->threads, "the thread counts to compare: 1-4,8", "LIST");
  verb.option("--replay", options->replay, "ask recorded calls instead of this machine, .csv or .csv.gz",
              "FILE");
  verb.option("--output", options->output, "keep the table in this file", "FILE");
  verb.flag("--json", options->json, "summarise as one JSON object");
  verb.does([options](const Session& session) { return tune(session, *options); });
}

}  // namespace blastune
